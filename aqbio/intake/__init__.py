"""New studies, filled in from a folder of recordings, and checked ones."""
