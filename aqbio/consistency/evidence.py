"""Numbers of a fit by which it is judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from aqbio.consistency.adjusted import centre_shifts
from aqbio.consistency.parameters import CLOCK
from aqbio.consistency.runner import Runner
from aqbio.consistency.trial_fit import TrialFit
from aqbio.consistency.weights import Weights
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.kinematics import (
    SegmentMotion,
    segment_kinematics,
    segment_motion,
)
from aqbio.multibody.momentum import centre_of_mass
from aqbio.vectors import FloatArray, cross


@dataclass(frozen=True, eq=False)
class Evidence:
    """Numbers of one fit by which it is judged."""

    residual_force: FloatArray
    residual_moment: FloatArray
    """residual_force, residual_moment: (3,) arrays. RMS over the measured frames, body weights and
    N m."""
    markers_moved: float
    """How far the forces move the body's markers from where splines that follow the recorded ones
    alone have them, RMS, m."""
    carried_mass: float
    """Mass that the vertical force carries over the model's, less one."""
    remaining: Mapping[str, float] = field(default_factory=dict)
    """Part of the disagreement that remains with forces turned round, by way of turning."""
    free_moment_gain: float = float("nan")
    """Fall of the cost with the free moment turned round, in independent observations; NaN if not
    tried."""
    nearer_other_foot: float = float("nan")
    """How much nearer the centre of pressure is to the other foot, m; NaN if not known."""
    centre: str = ""
    """Segment and axis whose centre of mass the forces move most, against what is believed."""
    centre_apart: float = 0.0
    """How far that is, standard deviations of the belief."""
    looser_force: float = 1.0
    looser_moment: float = 1.0
    """looser_force, looser_moment: How many times the default standard deviation of a residual the
    fit allows; not below 1."""


def fit_evidence(fit: TrialFit, loads: Sequence[ExternalLoad] = ()) -> Evidence:
    """The numbers of a fit, without turning anything round.

    Parameters
    ----------
    loads : sequence of ExternalLoad, optional
        Ground reaction force of each foot.
    """
    frames = fit.problem.measured
    weight = fit.runner.skeleton.mass.sum() * float(np.linalg.norm(fit.skeleton.gravity))
    own, usual = fit.problem.weights, Weights()
    centre, apart = farthest_centre(fit.runner, fit.values)
    return Evidence(
        residual_force=_rms(fit.after.force[frames]) / weight,
        residual_moment=_rms(fit.after.moment[frames]),
        markers_moved=_root_mean_square(fit.markers_moved[frames]),
        carried_mass=_carried_mass(fit),
        nearer_other_foot=nearer_other_foot(fit, loads),
        centre=centre,
        centre_apart=apart,
        looser_force=max(1.0, own.sigma_force_n / usual.sigma_force_n),
        looser_moment=max(1.0, own.sigma_moment_nm / usual.sigma_moment_nm),
    )


def farthest_centre(runner: Runner, values: Mapping[str, float]) -> tuple[str, float]:
    """Segment and axis whose centre of mass parameters displace most, in standard deviations."""
    believed = np.sqrt(np.diag(runner.centre_covariance)).reshape(-1, 3)
    shift = np.abs(centre_shifts(runner, values))
    apart = np.divide(shift, believed, out=np.zeros_like(shift), where=believed > 0.0)
    segment, axis = np.unravel_index(int(apart.argmax()), apart.shape)
    return f"{runner.skeleton.bodies[segment]} along {'xyz'[axis]}", float(apart.max())


def _carried_mass(fit: TrialFit) -> float:
    """Mass that the vertical force carries over the measured frames, over the model's, less one."""
    frames, skeleton = fit.problem.measured, fit.skeleton
    _, _, acceleration = centre_of_mass(_segments(fit))
    up = -skeleton.gravity / np.linalg.norm(skeleton.gravity)
    lifted = float(((acceleration - skeleton.gravity) @ up)[frames].mean())
    later = fit.observations.time[frames] + fit.values.get(CLOCK, 0.0)
    force, _ = fit.observations.wrench.at(later)
    return float((force @ up).mean() / lifted / fit.runner.skeleton.mass.sum() - 1.0)


def nearer_other_foot(fit: TrialFit, loads: Sequence[ExternalLoad]) -> float:
    """How much nearer the centre of pressure is to another loaded segment than to its own, m.

    Median over the frames with more than half the body weight; NaN without two loads.
    """
    if len(loads) < 2:
        return float("nan")
    kinematics = segment_kinematics(fit.skeleton, fit.motion.q, fit.motion.u, fit.motion.udot)
    bodies = [fit.skeleton.bodies.index(load.body) for load in loads]
    foot = kinematics.origin[:, bodies][:, :, [0, 2]]
    heavy = 0.5 * fit.skeleton.mass.sum() * float(np.linalg.norm(fit.skeleton.gravity))
    nearer = []
    for own, load in enumerate(loads):
        loaded = np.nan_to_num(load.force[:, 1]) > heavy
        force = load.force[loaded]
        point = np.broadcast_to(load.point, load.force.shape)[loaded]
        moment = load.moment[loaded] + cross(point, force)
        cop = np.stack([moment[:, 2], -moment[:, 0]], axis=1) / force[:, 1:2]
        distance = np.linalg.norm(foot[loaded] - cop[:, None], axis=2)
        nearer.append(distance[:, own] - np.delete(distance, own, axis=1).min(axis=1))
    every = np.concatenate(nearer)
    return float(np.median(every)) if len(every) else float("nan")


def _segments(fit: TrialFit) -> SegmentMotion:
    motion = fit.motion
    return segment_motion(
        fit.skeleton, segment_kinematics(fit.skeleton, motion.q, motion.u, motion.udot)
    )


def _rms(values: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt((values**2).mean(axis=0)))


def _root_mean_square(values: FloatArray) -> float:
    """Of the values that are not missing."""
    return float(np.sqrt(np.nanmean(values**2)))
