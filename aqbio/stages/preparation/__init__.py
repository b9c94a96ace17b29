"""The parts of stage prepare: axes, plates, contacts, markers and files of one trial."""
