"""Proof that the verdicts are right in worlds whose truth is known: ``make validate``.

gaits
    the generator of the gait library: ``python -m validation.gaits.regenerate``
recordings
    recordings of closed-form motion, with everything that a laboratory does to them
waves
    studies without bodies: group waveforms and outcomes, in milliseconds
bodies, worlds
    people who are not drawn from what calibration believes; what could be true about sprinting
"""
