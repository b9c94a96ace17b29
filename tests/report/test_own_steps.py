"""Curves of left against right come from the right steps of an athlete's file, scaled by hand."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from aqbio.names import ROLE_SIDES
from aqbio.pages import own_curves
from aqbio.pages.address import plain
from aqbio.pages.own_curves import SCALED_UNIT, participant_curves

TRIALS = {"fast": 9.0, "slow": 6.0, "short": 9.9, "arms": 9.5}
"""Mean speeds; eight steps each, of the shortest trial three, the last one with arms restricted."""


def _data() -> xr.Dataset:
    """An athlete's file: one more step of each trial than the table of steps keeps."""
    random, names, numbers = np.random.default_rng(8), [], []
    for trial in TRIALS:
        count = 3 if trial == "short" else 8
        names += [trial] * (count + 1)
        numbers += range(count + 1)
    order = random.permutation(len(names))
    groups = ["arms", "push_side", "swing_side", "torso"]
    shape = (len(names), len(groups), 3, 2, 101)
    momentum = random.normal(0.0, 2.0, shape)
    return xr.Dataset(
        {
            "angular_momentum": (("step", "group", "axis", "phase", "time"), momentum),
            "trial_id": ("step", np.array(names)[order]),
            "number": ("step", np.array(numbers, dtype=float)[order]),
            "side": ("step", np.where(np.array(numbers)[order] % 2 == 1, "left", "right")),
            "speed": (
                "step",
                np.array([TRIALS[name] for name in names])[order]
                + random.uniform(-0.1, 0.1, len(names)),
            ),
        },
        coords={"group": groups, "axis": ["x", "y", "z"], "phase": ["stance", "flight"]},
    )


def _steps(data: xr.Dataset) -> pd.DataFrame:
    """Rows of the table of steps: step 0 of each trial was rejected; another athlete has some."""
    table = pd.DataFrame(
        {
            "participant_id": "A", "trial_id": data["trial_id"].values,
            "step": data["number"].values.astype(int), "side": data["side"].values,
            "speed_mps": data["speed"].values,
            "condition": np.where(data["trial_id"] == "arms", "restricted_arms", "normal"),
            **{f"H_{side}_y_stance_mean_kgm2ps": 1.0 for side in ("push_side", "swing_side")},
        }
    )  # fmt: skip
    table["status"] = np.where(table["step"] == 0, "rejected", "ok")
    faster_athlete = table.assign(participant_id="B", speed_mps=table["speed_mps"] + 3.0)
    return pd.concat([faster_athlete, table.sample(frac=1.0, random_state=1)], ignore_index=True)


@pytest.mark.parametrize("scale", [126.0, np.nan])
def test_curves_are_those_of_the_kept_steps_at_the_speed_that_compares_the_feet(monkeypatch, scale):
    """The fastest usual one with three steps of each foot, less a step with a gap on one side."""
    data = _data()
    with_gap = (data["trial_id"].values == "fast") & (data["number"].values == 3)
    row = int(np.flatnonzero(with_gap)[0])
    data["angular_momentum"][row, data["group"].values.tolist().index("swing_side"), 1, 0, 50] = (
        np.nan
    )

    study = SimpleNamespace(folder=lambda person, stage: Path(person))
    monkeypatch.setattr(own_curves, "read_some", lambda path, names, **labels: data.sel(labels))
    curves = participant_curves(study, "A", _steps(data), scale)
    expected = [
        step
        for step in range(data.sizes["step"])
        if data["trial_id"].values[step] == "fast" and data["number"].values[step] not in (0, 3)
    ]
    assert len(expected) == 7
    assert curves.left.tolist() == [data["number"].values[step] % 2 == 1 for step in expected]
    assert curves.unit == ("kg m²/s" if np.isnan(scale) else SCALED_UNIT)
    is_usual = (data["trial_id"].values == "fast") & (data["number"].values > 0)
    assert plain(curves.title) == f"{data['speed'].values[is_usual].mean():.1f} m/s"
    for side in ROLE_SIDES:
        for curve, step in zip(curves.sides[side], expected, strict=True):
            recorded = data["angular_momentum"].sel(group=side, axis="y", phase="stance")[step]
            factor = 1.0 if np.isnan(scale) else 1000.0 / (scale * float(data["speed"][step]))
            np.testing.assert_allclose(curve, factor * recorded.values)
    data["angular_momentum"][:, :, 1, 0, 7] = np.nan
    assert participant_curves(study, "A", _steps(data), scale) is None
    of_other_athlete = _steps(data).query("participant_id == 'B'")
    assert participant_curves(study, "A", of_other_athlete, scale) is None
