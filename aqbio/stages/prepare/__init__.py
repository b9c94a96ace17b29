"""Stage prepare: axes, plates, contacts, markers and files of one trial."""
