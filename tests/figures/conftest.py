"""A made-up study in the layout of the pipeline's files."""

from __future__ import annotations

EDGES = (0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0)
