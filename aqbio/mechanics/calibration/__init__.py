"""Sizes, marker places, hinge axes and postures of a person as one estimate from all recordings.

parts
    which part of a person each body of a model is, and what scales together
shape
    what is unknown of a body, and the skeleton that it makes of a template
mass
    what the segments weigh at the person's size
body
    where markers are on a body, and how they move with everything that is unknown
"""
