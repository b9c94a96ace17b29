"""Both versions of a fitted trial side by side: plain and consistent, with the posterior."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import Study
from aqbio.mechanics.consistency.posterior import GROUP_MOMENTUM, TOTAL_MOMENTUM
from aqbio.mechanics.contributions.level_a import LevelA, level_a
from aqbio.mechanics.gait.groups import group_sum, membership
from aqbio.mechanics.gait.mirror import rotation_about_vertical
from aqbio.mechanics.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.mechanics.vectors import BoolArray, FloatArray
from aqbio.records.loads import foot_loads, measured_loads
from aqbio.records.participant_model import ParticipantModel
from aqbio.records.solved_trial import SolvedTrial

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


def with_posterior(dataset: xr.Dataset, data: xr.Dataset) -> xr.Dataset:
    """Add the posterior of the groups' momentum and rate, in heading-aligned axes.

    Adds ``group_momentum_sample`` (sample, time, group, axis), the estimate with inflated
    deviations, and covariances between groups, not inflated, over time
    (``group_momentum_covariance``, ``group_rate_covariance``) and of stance means by contact
    (``stance_momentum_covariance``, ``stance_rate_covariance``).
    """
    if "group_momentum_sample" not in data:
        return dataset
    turn = _turn(dataset)
    time, variables = dataset["time"].values, {}
    for quantity, unit in (("momentum", "kg m2/s"), ("rate", "N m")):
        off = data[f"group_{quantity}_sample"].values.astype(float) @ turn.T
        means = np.empty((len(off), dataset.sizes["contact"], *off.shape[2:]))
        for number, stance in enumerate(_stances(dataset, time)):
            means[:, number] = off[:, stance].mean(axis=1)
        for name, along, values in (
            (f"group_{quantity}_covariance", "time", off),
            (f"stance_{quantity}_covariance", "contact", means),
        ):
            variables[name] = _covariance(values, along, unit)
    estimate = dataset["group_angular_momentum"].values
    deviation = data["group_momentum_sample"].values @ turn.T
    variables["group_momentum_sample"] = (
        ("sample", "time", "group", "axis"),
        (estimate + GROUP_MOMENTUM * deviation).astype(np.float32),
        {"units": "kg m2/s", "inflation_group": GROUP_MOMENTUM, "inflation_total": TOTAL_MOMENTUM},
    )
    return dataset.assign(variables)


def _stances(dataset: xr.Dataset, time: FloatArray) -> Iterator[BoolArray]:
    """Frames of every contact, at least the nearest one."""
    for one in range(dataset.sizes.get("contact", 0)):
        begin, end = (float(dataset[f"contact_{name}"][one]) for name in ("touchdown", "toe_off"))
        inside = (time >= begin) & (time <= end)
        inside[np.argmin(np.abs(time - 0.5 * (begin + end)))] = True
        yield inside


def _covariance(values: FloatArray, along: str, unit: str) -> tuple[Any, ...]:
    """Covariance between groups of samples (N, T or contacts, G, 3) whose mean is zero."""
    covariance = np.einsum("ntga,ntha->tgha", values, values) / len(values)
    return (
        (along, "group", "other_group", "axis"),
        covariance.astype(np.float32),
        {"units": f"({unit})^2", "long_name": "posterior covariance, not inflated"},
    )


def _turn(dataset: xr.Dataset) -> FloatArray:
    return rotation_about_vertical(-float(dataset.attrs["heading"]))
