"""Both versions of a fitted trial side by side: plain and consistent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.body.records import ParticipantModel
from aqbio.contributions.level_a import LevelA, level_a
from aqbio.gait.groups import group_sum, membership
from aqbio.gait.mirror import rotation_about_vertical
from aqbio.inverse_kinematics.solution import SolvedTrial
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import Study
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.recordings.loads import foot_loads, measured_loads
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import xarray as xr


def with_drag(dataset: xr.Dataset, data: xr.Dataset) -> xr.Dataset:
    """Take air drag, a force through the centre of mass, out of the residual force.

    Adds ``drag_force``, and ``forces_fitted``: frames whose forces are completely measured.

    Parameters
    ----------
    dataset : xarray.Dataset
        Contributions in heading-aligned axes.
    data : xarray.Dataset
        Output of stage consistency.

    Notes
    -----
    Levels B and C know no drag: it is part of their residual, which acts on the pelvis.
    """
    drag = data["drag_force"].values @ _turn(dataset).T
    words = "air drag; in levels B and C part of the residual"
    return dataset.assign(
        drag_force=(("time", "axis"), drag, {"units": "N", "long_name": words}),
        residual_force=dataset["residual_force"].copy(data=dataset["residual_force"].values - drag),
        forces_fitted=data["forces_fitted"],
    )


def with_plain(dataset: xr.Dataset, study: Study, trial: SolvedTrial) -> xr.Dataset:
    """Add level A of the motion before the fit, of the model and forces before the fit.

    Adds ``group_angular_momentum_plain``, ``group_angular_momentum_rate_plain``,
    ``residual_moment_plain``, ``residual_force_plain`` and the attribute ``mass_plain``.
    """
    model = ParticipantModel.of(study, str(trial.prepared.attrs["participant_id"]))
    skeleton = load_skeleton(model.table)
    measured, loads = measured_loads(foot_loads(study, trial.prepared))
    moves = segment_kinematics(
        skeleton, *(trial.solved[name].values for name in ("q", "u", "udot"))
    )
    balance = level_a(segment_motion(skeleton, moves), loads, gravity=skeleton.gravity)
    matrix = membership(study.model_map.groups, skeleton.bodies)
    variables = _plain_variables(balance, matrix, _turn(dataset))
    for name in ("residual_moment", "residual_force"):
        dimensions, values, words = variables[f"{name}_plain"]
        values = np.where(measured[:, None], values, np.nan)
        variables[f"{name}_plain"] = (dimensions, values, words)
    return dataset.assign(variables).assign_attrs(mass_plain=float(skeleton.mass.sum()))


def _plain_variables(
    balance: LevelA, matrix: FloatArray, turn: FloatArray
) -> dict[str, tuple[Any, ...]]:
    by_group, by_axis = ("time", "group", "axis"), ("time", "axis")
    words = {"long_name": "before the consistency fit"}
    return {
        "group_angular_momentum_plain": (
            by_group,
            group_sum(balance.momentum, matrix) @ turn.T,
            {"units": "kg m2/s", **words},
        ),
        "group_angular_momentum_rate_plain": (
            by_group,
            group_sum(balance.rate, matrix) @ turn.T,
            {"units": "N m", **words},
        ),
        "residual_moment_plain": (
            by_axis,
            balance.residual_moment @ turn.T,
            {"units": "N m", **words},
        ),
        "residual_force_plain": (by_axis, balance.residual_force @ turn.T, {"units": "N", **words}),
    }


def _turn(dataset: xr.Dataset) -> FloatArray:
    return rotation_about_vertical(-float(dataset.attrs["heading"]))
