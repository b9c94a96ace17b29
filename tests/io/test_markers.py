"""Labels of markers: which are kept, and what is said of the others."""

from __future__ import annotations

from aqbio.io.recording import kept_labels


def test_markers_with_the_same_label_are_named_as_the_capture_software_counts():
    """From 1; none of them is used, since nobody can say which is which."""
    kept, labels, [found] = kept_labels(["LASI", "RASI", "T10", "RASI"], frozenset(), "a.c3d")
    assert (kept, labels) == ([0, 2], ("LASI", "T10"))
    assert (found.rule, found.number, found.where) == ("markers-twice", 2, "markers 2, 4")
