"""Steps: phases, anatomical sides, push and swing side, and the dataset of a step."""
