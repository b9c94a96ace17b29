"""A pelvis that both hip centres show faces ahead, as the feet tell, whatever hips are called."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.config import MarkerSet
from aqbio.io.recording import Recording
from aqbio.recordings.axes import pelvis_paths

LABELS = ("RHip", "LHip", "RHeel", "RToe", "LHeel", "LToe")
PLACES = np.array(
    [[0, 0.9, 0.1], [0, 0.9, -0.1], [-0.1, 0, 0.1], [0.1, 0, 0.1], [-0.1, 0, -0.1], [0.1, 0, -0.1]]
)
SET = MarkerSet.model_validate(
    {
        "name": "video",
        "source": "none",
        "markers": {label: {"body": "pelvis"} for label in LABELS},
        "feet": {s: {"heel": f"{s[0].upper()}Heel", "toe": [f"{s[0].upper()}Toe"]}
                 for s in ("left", "right")},
        "pelvis": {"hips": ["RHip", "LHip"]},
    }
)  # fmt: skip


@pytest.mark.parametrize("exchanged", [False, True])
def test_hips_face_as_the_toes_are_ahead(exchanged):
    """Along any heading; exchanged hips face backwards by themselves."""
    for angle in (0.0, 1.0, 2.5):
        turn = np.array(
            [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
        )
        labels = ("LHip", "RHip", *LABELS[2:]) if exchanged else LABELS
        recording = Recording(labels, np.repeat((PLACES @ turn.T)[None], 5, axis=0), 100.0)
        path, facing = pelvis_paths(recording, SET)
        np.testing.assert_allclose(path, [[0.0, 0.9, 0.0]] * 5, atol=1e-12)
        np.testing.assert_allclose(facing, [0.2 * turn[:, 0]] * 5, atol=1e-12)


def test_a_pelvis_needs_spines_or_both_hips():
    with pytest.raises(ValueError, match="give labels in front and behind, or those of both hips"):
        MarkerSet.model_validate({**SET.model_dump(), "pelvis": {"front": ["RHip"]}})
