"""New studies: settings, sheets, map and marker set, filled in from a folder of recordings.

gathering
    what is in a folder, whose it is and what belongs together
labelling
    which landmark each label is: by its name, by where its marker is and by how it moves
"""
