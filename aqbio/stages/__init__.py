"""One module per stage and command: read, compute, write. Their parts lie in folders.

preparation
    of `prepare`: axes, plates, contacts, markers and files of one trial
scaling
    of `scale`: the body calibrated from all recordings
solving
    of `solve`: joint angles as input, what is written, checks of the forces, the mask
fitting
    of `consistency`: beliefs, the session, what became of its trials
levels
    of `contributions`: levels A, B and C as a dataset, with signals, curves, rows and intervals
stepping
    of `steps`: roles, curves, columns, rows of contributions, quality
arms
    of `evidence`: one trial under every choice of method
verdicts
    of `hypotheses`: evidence of the study, multiverse, exported tables
"""
