"""Sizes, marker places, hinge axes and postures of a person as one estimate from all recordings.

parts
    which part of a person each body of a model is, and what scales together
shape
    what is unknown of a body, and the skeleton that it makes of a template
mass
    what the segments weigh at the person's size
body
    where markers are on a body, and how they move with everything that is unknown
people
    a survey's sizes of people, and what is known of one
priors, places, hips
    what is believed of sizes, postures and skin, of the markers' places, and of the hip centres
frames
    which frames of a session are fitted
unknowns, problem, fit, scales
    the cost, its most likely body, and how odd the body and how soft the skin are
posterior
    lengths and offsets, and how sure they are
"""
