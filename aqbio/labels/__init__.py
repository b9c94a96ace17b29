"""Which landmark each label is: by its name and by where its marker is."""
