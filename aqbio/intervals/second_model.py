"""The choice of the model as a source of uncertainty: the same markers on a second model.

The second model (`aqbio.body.joint_forms.second_body`) follows the markers of the motion that was
found, so that it differs from the study's own by its joints and mass shares alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from aqbio.body.joint_forms import second_body
from aqbio.intervals.sources import MODEL, Motions
from aqbio.intervals.trial_draws import TrialDraws, splined
from aqbio.inverse_kinematics.ik import MIN_MARKERS, inverse_kinematics
from aqbio.multibody.kinematics import marker_positions
from aqbio.multibody.poses import segment_poses, station_positions
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray, IntArray

SECOND_MODEL = "rajagopal_like"
"""Name of the second model in the table of models."""

LEVEL_C_FACTOR = 1.5
"""Standard deviation of what joints cause (level C) by the choice of the model, over the deviation
of the second model, which is a sample of one: with it 95 % intervals hold 0.93 to 0.95 of what
three models that are in no interval say of five people (docs/decisions/0035)."""


def model_factors(models: Iterable[str], levels: Iterable[str]) -> FloatArray:
    """Factors (R,) of deviations between the study's own and other models, by model and level."""
    return np.array(
        [
            LEVEL_C_FACTOR if model == SECOND_MODEL and level.startswith("C") else 1.0
            for model, level in zip(models, levels, strict=True)
        ]
    )


def with_second_model(
    draws: TrialDraws, weights: Mapping[str, float], window: slice | None = None
) -> TrialDraws:
    """Add the motion on the second model to the draws; unchanged without such a model or markers.

    `weights` of the markers that inverse kinematics followed, by name; `window` the frames that
    will be drawn, as for :func:`.trial_draws.with_bodies`.
    """
    mechanics = draws.levels.mechanics
    body = second_body(mechanics.skeleton)
    if body is None or len(weights) < MIN_MARKERS:
        return draws
    inside = window or slice(0, len(draws.time))
    q = mechanics.kinematics.frames(inside).q
    skeleton, followed = followed_motion(mechanics.skeleton, q, body, weights)
    motions = Motions((skeleton,), *splined(skeleton, draws.time[inside], followed[None]))
    return replace(draws, motions={**draws.motions, MODEL: motions}, first_frame=inside.start)


def followed_motion(
    skeleton: Skeleton, q: FloatArray, body: Skeleton, weights: Mapping[str, float]
) -> tuple[Skeleton, FloatArray]:
    """Motion (T, C') of another body that follows the markers of a skeleton's motion (T, C).

    Its markers are put where the markers are on its segments on average, as a calibration would;
    the body with these is returned too.
    """
    index = np.array([skeleton.markers.index(name) for name in weights], dtype=np.int64)
    weight = np.array(list(weights.values()))
    target = marker_positions(skeleton, q)[:, index]
    near = np.tile(body.coordinate_default, (len(q), 1))
    for column, name in enumerate(body.coordinates):
        if name in skeleton.coordinates:
            near[:, column] = q[:, skeleton.coordinates.index(name)]
    pose = near.mean(axis=0)
    near[:, body.coordinate_locked] = pose[body.coordinate_locked]
    tracked = inverse_kinematics(body, target, index, weight, pose=pose, near=near)
    placed = _with_markers_at(body, tracked, target, index)
    return placed, inverse_kinematics(placed, target, index, weight, pose=pose, near=tracked)


def _with_markers_at(
    body: Skeleton, q: FloatArray, target: FloatArray, index: IntArray
) -> Skeleton:
    """A body with markers (K,) where points (T, K, 3) are on its segments on average."""
    poses, carrier = segment_poses(body, q), body.marker_body[index]
    away = target - station_positions(poses, carrier, body.marker_position[index])
    rotation = poses.rotation[:, carrier]
    position = body.marker_position.copy()
    position[index] += (np.swapaxes(rotation, 2, 3) @ away[..., None])[..., 0].mean(axis=0)
    return body.of_size(marker_position=position)
