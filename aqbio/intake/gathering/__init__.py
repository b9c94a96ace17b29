"""A folder of recordings: what is in it, whose it is and what belongs together."""
