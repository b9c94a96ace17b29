"""Observability: the mask of segments and coordinates that a recording determines, by frame."""
