"""What a fit leaves of the disagreement of motion, forces and body, and what it took to agree.

A small residual after a fit is no evidence by itself: the fit made it. Evidence is how far the
markers, the feet and the body had to be moved for it, beside what is left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aqbio.force_plates.alignment import ALIGNMENT
from aqbio.inverse_dynamics.fit import TrialFit
from aqbio.inverse_dynamics.parameters import ARMS, CENTRES, FEET, LEGS, PELVIS, SOFT_TISSUE
from aqbio.inverse_dynamics.stances import Standing, planted_contacts
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.names import GRAVITY
from aqbio.vectors import BoolArray, FloatArray, cross

MASSES = (LEGS, PELVIS, FEET, ARMS)
"""Parameters that move mass within the body; its own is a device's, and no misfit."""


def segment_displacements(
    fit: TrialFit, frames: BoolArray, start: FloatArray | None = None
) -> dict[str, float]:
    """RMS marker displacement by segment, m, over frames (T,) bool: from `start` to the fit.

    `start` (T, C): coordinates, those of inverse kinematics by default.
    """
    first = fit.observations.start if start is None else start
    skeleton, moved = fit.runner.skeleton, fit.markers_moved(first)[frames]
    carrier = skeleton.marker_body[fit.observations.marker_index]
    return {
        skeleton.bodies[body]: float(np.sqrt(np.nanmean(moved[:, carrier == body] ** 2)))
        for body in np.unique(carrier[np.isfinite(moved).any(axis=0)])
    }


def added_slips(fit: TrialFit) -> FloatArray:
    """Distances, (N,), m, by which the fit lets forefeet slide in N planted contacts.

    Horizontal, against their markers: on a belt as on the ground.
    """
    observations, slips = fit.observations, []
    fitted = fit.solver.recorded_markers(fit.motion.q)
    for _, frames, forefoot in planted_contacts(fit.runner, observations):
        ends = np.flatnonzero(frames)[[0, -1]]
        slides = [
            np.diff(markers[ends][:, forefoot].mean(axis=1), axis=0)[0]
            for markers in (fitted, observations.markers)
        ]
        slips.append(float(np.hypot(*(slides[0] - slides[1])[[0, 2]])))
    return np.array(slips)


def fit_misfits(fit: TrialFit, standing: Mapping[str, Standing]) -> dict[str, float]:
    """Misfits of a fit by redundancy (`aqbio.observed.misfit`), of those that are observed.

    ``force`` (body weights) and ``moment`` (m) are what is left of both; ``markers`` how far forces
    move those of a segment, by the usual soft-tissue artefact; ``feet`` (m) how far planted
    forefeet slide against their markers; ``masses``, ``tissue``, ``centres`` and ``plates`` the
    fitted parameters by their priors; ``standing`` (m) the distance from the centre of mass to the
    centre of pressure in static trials.
    """
    weight = fit.runner.skeleton.mass.sum() * GRAVITY
    bodies, usual = fit.runner.skeleton.bodies, fit.weights.tissue_sd_m
    moved = segment_displacements(fit, fit.measured, fit.q_markers_only)
    misfits = {
        "force": _rms(fit.after.force[fit.measured] / weight),
        "moment": _rms(fit.after.moment[fit.measured] / weight),
        "markers": _rms(
            [size / usual[fit.runner.tissue[bodies.index(name)]] for name, size in moved.items()]
        ),
        "feet": _rms(added_slips(fit)),
        **parameter_misfits(fit),
        "standing": _rms([distances.fitted for distances in standing.values()]),
    }
    return {name: misfit for name, misfit in misfits.items() if np.isfinite(misfit)}


def parameter_misfits(fit: TrialFit) -> dict[str, float]:
    """Root mean squares of fitted parameters less their priors, in prior standard deviations."""
    z = {
        estimate.name: (estimate.estimate - estimate.parameter.prior) / estimate.parameter.prior_sd
        for estimate in fit.estimates
        if estimate.parameter.on
    }
    return {
        "masses": _rms([z[name] for name in MASSES if name in z]),
        "tissue": _rms([z[name] for name in SOFT_TISSUE if name in z]),
        "centres": _rms([size for name, size in z.items() if name.startswith(CENTRES)]),
        "plates": _rms([z[name] for name in ALIGNMENT if name in z]),
    }


def _rms(values: Any) -> float:
    """Root mean square; NaN of nothing."""
    sizes = np.asarray(values, dtype=float)
    return float(np.sqrt(np.nanmean(sizes**2))) if np.isfinite(sizes).any() else float("nan")


def distance_nearer_other_foot(fit: TrialFit, loads: Sequence[ExternalLoad]) -> float:
    """Distance by which the centre of pressure is nearer to another loaded segment, m.

    Median over the frames with more than half the body weight; NaN without two loads.
    """
    if len(loads) < 2:
        return float("nan")
    kinematics = segment_kinematics(fit.skeleton, fit.motion.q, fit.motion.u, fit.motion.udot)
    bodies = [fit.skeleton.bodies.index(load.body) for load in loads]
    foot = kinematics.origin[:, bodies][:, :, [0, 2]]
    heavy = 0.5 * fit.skeleton.mass.sum() * float(np.linalg.norm(fit.skeleton.gravity))
    nearer = []
    for index, load in enumerate(loads):
        loaded = np.nan_to_num(load.force[:, 1]) > heavy
        force = load.force[loaded]
        point = np.broadcast_to(load.point, load.force.shape)[loaded]
        moment = load.moment[loaded] + cross(point, force)
        cop = np.stack([moment[:, 2], -moment[:, 0]], axis=1) / force[:, 1:2]
        distance = np.linalg.norm(foot[loaded] - cop[:, None], axis=2)
        nearer.append(distance[:, index] - np.delete(distance, index, axis=1).min(axis=1))
    excess = np.concatenate(nearer)
    return float(np.median(excess)) if len(excess) else float("nan")
