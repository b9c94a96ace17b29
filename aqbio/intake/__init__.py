"""New studies, filled in from a folder of recordings, and checked ones.

checking
    of `aqbio check`: what recordings say about settings and sheets
gathering
    what is in a folder, whose it is and what belongs together
labelling
    which landmark each label is: by its name, by where its marker is and by how it moves
"""
