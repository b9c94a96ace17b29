"""Virtual sprinters: motion, forces and files of runners of whom everything is known.

gaits
    from numbers that describe how somebody runs to a motion that obeys Newton and Euler
recordings
    what a laboratory sees of a run: cameras, plates, skin, noise, faults, another body
waves
    studies without bodies: group waveforms and outcomes, in milliseconds
"""
