"""Mechanics on bare arrays: NumPy and SciPy only, no files, no OpenSim.

multibody
    the tree of bodies and its equations: poses, motion, momentum, Newton and Euler
inverse_kinematics
    from markers to coordinates, all frames at once
observed
    which segments a recording determines, frame by frame
consistency
    motion, ground reaction forces and body made to obey Newton and Euler together
recordings
    axes, gaps, filters, events, and which foot touched the ground
force_plates
    from channels to wrenches on the runner and points of application
gait
    steps: phases, mirroring, anatomical groups and their roles
contributions
    levels A, B and C: who carries, what each joint transmits, what each moment causes
intervals
    how sure the contributions are: draws of body, plates and markers
calibration
    sizes, marker places and postures of a person as one estimate from all recordings
anatomy
    what the bodies, joints and coordinates of a model mean
anthropometry
    bodies from published tables, and the sprint model built from them
"""
