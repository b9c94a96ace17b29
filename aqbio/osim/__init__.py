"""The only room that imports OpenSim."""
