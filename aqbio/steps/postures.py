"""Measures of posture of the steps of a trial, with what the fit leaves open of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from aqbio.body.records import final_model
from aqbio.gait.postures import (
    BEYOND,
    MEASURES,
    POINTS,
    posture_numbers,
    posture_points,
    spread_column,
)
from aqbio.gait.steps import Step, rotation_about_vertical
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import Study
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import centre_of_mass
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import xarray as xr

FROM_CENTRE = ("swing_knee_ahead_touchdown_m", "touchdown_distance_m")
"""Measures that ask where the whole body's centre of mass is."""


def trial_postures(
    study: Study, participant_id: str, data: xr.Dataset, final: xr.Dataset, steps: Sequence[Step]
) -> Mapping[str, FloatArray]:
    """Measures and their standard deviations, (S,) by column; NaN for what was not observed.

    ``data`` are the trial's contributions, ``final`` its motion.
    """
    skeleton = load_skeleton(final_model(study, participant_id).table)
    moves = segment_kinematics(skeleton, *(final[name].values for name in ("q", "u", "udot")))
    centre = centre_of_mass(segment_motion(skeleton, moves))[0]
    turn = rotation_about_vertical(-float(data.attrs["heading"]))
    known = observed_points(data)
    own = posture_points(skeleton, study.model_map, moves, centre) @ turn.T
    points = np.where(known[..., None], own, np.nan)[..., None]
    if "posture_sample" in final:
        drawn = np.moveaxis(final["posture_sample"].values @ turn.T, 0, -1)
        points = np.concatenate([points, points + drawn], axis=-1)
    time = data["time"].values
    found = posture_numbers(points, time, steps)
    placed = np.isfinite(data["com"].values).all(axis=-1)
    starts = [bool(placed[np.abs(time - step.touchdown).argmin()]) for step in steps]
    for name in FROM_CENTRE:
        found[name][~np.array(starts, dtype=bool)] = np.nan
    spreads = {
        spread_column(name): np.hypot(values[:, 1:].std(axis=1, ddof=1), BEYOND.get(name, 0.0))
        if values.shape[1] > 2
        else np.full(len(steps), np.nan)
        for name, values in found.items()
    }
    return {name: found[name][:, 0] for name in MEASURES} | spreads


def observed_points(data: xr.Dataset) -> FloatArray:
    """(T, P) bool: when the part of the body is observed that a point belongs to."""
    groups = [str(name) for name in data["group"].values]
    seen = np.isfinite(data["group_angular_momentum"].values).all(axis=-1)
    parts = [
        "torso" if joint == "shoulder" else f"leg_{side}"
        for joint, _, side in (name.rpartition("_") for name in POINTS)
    ]
    places = [groups.index(name) for name in parts]
    return np.asarray(seen[:, places])
