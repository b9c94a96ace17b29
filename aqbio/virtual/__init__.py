"""Virtual sprinters: motion, forces and files of runners of whom everything is known.

gaits
    solved gaits: motion that obeys Newton and Euler
recordings
    what a laboratory sees of a run: cameras, plates, skin, noise, faults
"""
