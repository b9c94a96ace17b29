"""Landmark of each label, by its name and by the position of its marker."""
