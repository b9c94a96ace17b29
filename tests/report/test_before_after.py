"""What the fit made of the trial that it moved furthest: largest changes, witnesses as told."""

from __future__ import annotations

import numpy as np
import pandas as pd

from aqbio.pages.fit import MOST, before_and_after


def _row(quantity, part, statistic, before, after, unit="1", axis=None, trial="fast"):
    return {
        "trial_id": trial, "quantity": quantity, "part": part, "axis": axis,
        "statistic": statistic, "before": before, "after": after, "unit": unit,
    }  # fmt: skip


def _table():
    rows = [
        _row("angular_momentum", "torso", "rms_change", np.nan, 0.2, axis="y", trial="slow"),
        _row("angular_momentum", "torso", "rms_change", np.nan, 0.9, axis="y"),
        _row("centre_of_mass", "whole body", "mean", 1.0121, 0.9904, "m", "y"),
        _row("centre_of_mass", "whole body", "mean", 9.0, 9.0, "m", "x"),
        _row("centre_of_mass", "whole body", "sd", 0.0214, 0.0152, "m", "y", trial="slow"),
        _row("mass", "leg_left", "share", 0.1946, 0.2017, trial=None),
        _row("mass", "leg_left", "share_sd", 0.0195, 0.0124, trial=None),
        _row("joint_moment", "pelvis_tilt", "peak", 300.0, 10.0, "N m"),
        _row("joint_moment", "lumbar_bending", "peak", 209.0, 104.0, "N m"),
        _row("joint_moment", "lumbar_bending", "correlation", np.nan, 0.49),
        _row("marker_error", "femur_r", "rms", 0.0106, 0.0145, "m"),
        _row("marker_error", "femur_r", "rms", 0.5, 0.9, "m", trial="slow"),
        _row("spectral_response", "14 to 18 Hz", "gain", 0.85, 0.57),
        _row("clock", "landing left foot", "late", 0.0014, np.nan, "s"),
        _row("clock", "fit", "late", np.nan, 0.0039, "s"),
        _row("clock", "fit", "low", np.nan, 0.0026, "s"),
    ]
    return pd.DataFrame(rows)


def _lines(found):
    return {one.what: (one.before, one.after, one.note) for b in found.blocks for one in b.lines}


def test_the_trial_that_moved_furthest_is_told():
    """Residuals are no joint moments; a number that is not there is not made up."""
    found = before_and_after(_table())
    assert found.trial_id == "fast"
    assert _lines(found) == {
        "height of the centre of mass, m": ("1.012", "0.990", "± 0.021 → ± 0.015"),
        "share of the left leg": ("0.195", "0.202", "± 0.019 → ± 0.012"),
        "lumbar bending": ("209.0", "104.0", "correlation 0.49"),
        "femur r": ("10.6", "14.5", ""),
        "14 to 18 Hz": ("0.85", "0.57", ""),
        "landing left foot": ("1.4", "n/a", ""),
        "fit": ("n/a", "3.9", ""),
    }


def test_only_the_largest_changes_are_shown():
    more = [
        _row("marker_error", f"part{n}", "rms", 0.010, 0.010 + 0.001 * n, "m")
        for n in range(1, MOST + 3)
    ]
    found = before_and_after(pd.concat([_table(), pd.DataFrame(more)]).reset_index(drop=True))
    (block,) = (one for one in found.blocks if one.title.startswith("Markers"))
    named = [f"part{n}" for n in range(MOST + 2, 3, -1)]
    assert [one.what for one in block.lines] == [*named, "femur r"]  # 8 to 4 mm, and 3.9
    assert block.others == 3


def test_a_study_without_a_fit_has_none():
    assert before_and_after(_table().iloc[:0]) is None
