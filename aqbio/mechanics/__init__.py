"""Mechanics on bare arrays: NumPy and SciPy only, no files, no OpenSim.

What lies where:

The tree of bodies
    skeleton, functions, vectors, poses, kinematics, jacobians, angles, motion, smoothing
Newton and Euler
    momentum, dynamics, inertia, regressor
Inverse kinematics
    ik, marker_fit, descent, starts, frames
Recordings
    axes, gaps, filters, runs, events, surface, feet, foot_contacts, body_mass, synchrony
Force plates
    forces, platforms, plates, application
Steps
    steps, stance, mirror, groups, role_options
Level A: who carries angular momentum
    level_a
Level B: what each joint transmits
    chains, hub, hub_closures, joint_power, shares
Level C: what each joint moment causes
    contact_models, induced, induced_outcomes, induced_closures, momentum_matrix, source_roles
All levels, and how sure they are
    levels, uncertainty, inertia_draws, registration, drawn_levels, drawn_causes, momentum_regressor
Bodies from tables
    anthropometry, dumas, joint_centres, sprint_body, sprint_geometry, sprint_markers
"""
