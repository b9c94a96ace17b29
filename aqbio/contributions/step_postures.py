"""Measures of posture of a trial's steps, for what was observed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from aqbio.body.records import final_model
from aqbio.config import ModelMap
from aqbio.contributions.misfits import WIDENING
from aqbio.gait.postures import (
    MEASURES,
    POINTS,
    UNMODELLED_SD,
    neutral_feet,
    posture_numbers,
    posture_points,
    spread_column,
)
from aqbio.gait.steps import Step, rotation_about_vertical
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import Study
from aqbio.multibody.kinematics import SegmentKinematics, segment_kinematics, segment_motion
from aqbio.multibody.momentum import centre_of_mass
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray

MEASURES_FROM_COM = ("swing_knee_ahead_touchdown_m", "touchdown_distance_m")
"""Measures that need the whole body's centre of mass."""


def trial_postures(
    study: Study, participant_id: str, data: xr.Dataset, final: xr.Dataset, steps: Sequence[Step]
) -> Mapping[str, FloatArray]:
    """Measures and their standard deviations, (S,) by column; NaN for what was not observed.

    ``data`` are the trial's contributions, ``final`` its motion.
    """
    skeleton = load_skeleton(final_model(study, participant_id).table)
    moves = segment_kinematics(skeleton, *(final[name].values for name in ("q", "u", "udot")))
    heading = float(data.attrs["heading"])
    samples = None
    if "posture_sample" in final:
        turn = rotation_about_vertical(-heading)
        samples = np.moveaxis(final["posture_sample"].values @ turn.T, 0, -1)
    measures = posture_measures(skeleton, study.model_map, moves, data, steps, heading, samples)
    widening = float(data.attrs[f"{WIDENING}postures"])
    spreads = {
        spread_column(name): np.hypot(
            widening * values[:, 1:].std(axis=1, ddof=1), UNMODELLED_SD.get(name, 0.0)
        )
        if values.shape[1] > 2
        else np.full(len(steps), np.nan)
        for name, values in measures.items()
    }
    return {name: measures[name][:, 0] for name in MEASURES} | spreads


def posture_measures(
    skeleton: Skeleton,
    model_map: ModelMap,
    moves: SegmentKinematics,
    data: xr.Dataset,
    steps: Sequence[Step],
    heading: float,
    samples: FloatArray | None = None,
) -> dict[str, FloatArray]:
    """Measures of posture, (S, 1 or more) by column; NaN for what was not observed.

    `data` holds the centre of mass and the momentum of the groups, by which parts are known;
    `samples` (T, P, 3, N) are deviations of the points along the travel, `heading` rad.
    """
    centre = centre_of_mass(segment_motion(skeleton, moves))[0]
    turn = rotation_about_vertical(-heading)
    visible = observed_points(data)
    modelled_points = posture_points(skeleton, model_map, moves, centre) @ turn.T
    points = np.where(visible[..., None], modelled_points, np.nan)[..., None]
    if samples is not None:
        points = np.concatenate([points, points + samples], axis=-1)
    time = data["time"].values
    measures = posture_numbers(points, time, steps, neutral_feet(skeleton, model_map))
    centre_known = np.isfinite(data["com"].values).all(axis=-1)
    known_at_touchdown = [
        bool(centre_known[np.abs(time - step.touchdown).argmin()]) for step in steps
    ]
    for name in MEASURES_FROM_COM:
        measures[name][~np.array(known_at_touchdown, dtype=bool)] = np.nan
    return measures


def observed_points(data: xr.Dataset) -> FloatArray:
    """(T, P) bool: frames in which the body part of each point is observed."""
    groups = [str(name) for name in data["group"].values]
    observed = np.isfinite(data["group_angular_momentum"].values).all(axis=-1)
    parts = [
        "torso" if joint == "shoulder" else f"leg_{side}"
        for joint, _, side in (name.rpartition("_") for name in POINTS)
    ]
    unknown = np.zeros(len(observed), dtype=bool)
    columns = [observed[:, groups.index(name)] if name in groups else unknown for name in parts]
    return np.stack(columns, axis=1)
