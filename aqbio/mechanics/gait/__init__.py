"""Steps: phases, mirroring, anatomical groups and their roles."""
