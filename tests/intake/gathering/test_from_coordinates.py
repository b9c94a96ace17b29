"""Which model a file of joint angles belongs to."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from aqbio.intake import rows


@pytest.mark.parametrize(
    "columns",
    [
        ("hip_flexion_r", "knee_angle_r"),
        ("/jointset/hip_r/hip_flexion_r/value", "/jointset/knee_r/knee_angle_r/value"),
        ("/hip_r/hip_flexion_r/value", "knee_angle_r"),
    ],
)
def test_a_model_fits_that_has_all_coordinates_by_whatever_path(monkeypatch, columns):
    known = {
        "arm.osim": {"elbow_flex_r"}, "knee.osim": {"knee_angle_r", "knee_r"},
        "leg.osim": {"hip_flexion_r", "knee_angle_r", "pelvis_tx"},
    }  # fmt: skip
    monkeypatch.setattr(rows, "model_names", lambda path: known[path.name])
    monkeypatch.setattr(rows, "scaling_signs", lambda path: ())
    content = SimpleNamespace(models=tuple(map(Path, known)))
    motion = SimpleNamespace(columns=columns, file=Path("run_ik.mot"))
    assert rows._fitting(Path(), content, motion) == [Path("leg.osim")]
