"""Landmarks of the body: which one a label names, and where a model has it."""
