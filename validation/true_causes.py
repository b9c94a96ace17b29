"""Level C from scratch: what joint moments of swing leg, lumbar joint and arms push on the ground.

Only inverse dynamics is asked, so that nothing is shared with `aqbio.joint_contributions`: the
mass matrix column by column, what coordinates feel of a wrench on the foot by virtual work, and the
ground's answer from the equations of motion with the foot held.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aqbio.multibody.dynamics import ExternalLoad, newton_euler
from aqbio.multibody.kinematics import SegmentKinematics, segment_kinematics
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray
from aqbio.virtual.gait import Gait
from aqbio.virtual.truth import RunTruth, run_truth
from validation.true_contacts import TrueContact
from validation.true_steps import OPPOSITE, SUFFIX, between, pattern_contacts

MOMENT_X, MOMENT_Y, MOMENT_Z, FORCE_X, FORCE_Y, FORCE_Z = range(6)

CONTACT_MODELS = {
    "C1": (FORCE_X, FORCE_Y, FORCE_Z),
    "C2": (FORCE_X, FORCE_Y, FORCE_Z, MOMENT_Y),
    "C3": (FORCE_X, FORCE_Y, FORCE_Z, MOMENT_X, MOMENT_Y, MOMENT_Z),
}
"""With which of moment and force at the centre of pressure the ground answers, by contact model."""

SWING, BOTH_SIDES, MIDDLE = ("hip", "knee", "ankle", "mtp"), ("shoulder", "elbow"), "back"
"""Joints, in the model's names, whose moments are said to amplify the push."""

FRAMES = 101
"""Instants of a contact."""

PASSES = 0.010
"""The toes bear what presses this far ahead of their joint, and nothing so far behind it, m."""


def caused_shares(gait: Gait) -> dict[str, FloatArray]:
    """Share of the vertical impulse of every contact, (N,), that these moments cause."""
    pattern = pattern_contacts(gait)[:-1]
    shares = [_shares(gait, contact) for contact in pattern]
    return {model: np.array([share[model] for share in shares]) for model in CONTACT_MODELS}


def _shares(gait: Gait, contact: TrueContact) -> dict[str, float]:
    truth = run_truth(gait, between(contact.rises, contact.falls, FRAMES))
    impulse = np.trapezoid(truth.loads.force[..., 1].sum(axis=1))
    caused = caused_force(truth, contact.foot, amplifying(gait.skeleton, contact.foot))
    return {model: float(np.trapezoid(force) / impulse) for model, force in caused.items()}


def amplifying(skeleton: Skeleton, foot: str) -> list[int]:
    """Coordinates of swing leg, lumbar joint and both arms when a foot is on the ground."""
    joints = {MIDDLE, *(name + SUFFIX[OPPOSITE[foot]] for name in SWING)}
    joints |= {name + side for name in BOTH_SIDES for side in SUFFIX.values()}
    return coordinates_of(skeleton, joints)


def coordinates_of(skeleton: Skeleton, joints: set[str]) -> list[int]:
    """Coordinates of some joints."""
    axes = skeleton.axes
    moved = [skeleton.joints[body] in joints for body in axes.body]
    return sorted(set(axes.coordinate[np.array(moved)].tolist()))


def caused_force(truth: RunTruth, foot: str, coordinates: list[int]) -> dict[str, FloatArray]:
    """Vertical ground force that the moments of some coordinates cause, (T,) by contact model.

    With the foot's motion J and what the ground can exert A, ``M u̇ − (A J)ᵀ λ = τ`` and ``A J u̇ =
    0``: the moments alone, neither weight nor speeds.
    """
    skeleton, motion = truth.gait.skeleton, truth.motion
    kinematics = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    share = toes_share(truth, foot)
    tau = newton_euler(skeleton, kinematics, _loads(truth, foot, share))
    free = skeleton.free
    chosen = np.isin(free, coordinates)
    cause = np.where(chosen, tau[:, free], 0.0)
    mass, feels = mass_matrix(skeleton, motion.q), foot_matrix(truth, foot, share)
    forces = {}
    for model, components in CONTACT_MODELS.items():
        answer = feels[:, :, list(components)]
        rows = np.swapaxes(answer, 1, 2)
        corner = np.zeros((len(tau), len(components), len(components)))
        system = np.block([[mass, -answer], [rows, corner]])
        right = np.concatenate([cause, np.zeros((len(tau), len(components)))], axis=1)
        solved = np.linalg.solve(system, right[..., None])[..., 0]
        forces[model] = solved[:, len(free) + components.index(FORCE_Y)]
    return forces


def _at_rest(skeleton: Skeleton, q: FloatArray) -> tuple[Skeleton, SegmentKinematics]:
    """Neither weight nor speeds nor accelerations."""
    zeros = np.zeros_like(q)
    weightless = replace(skeleton, gravity=np.zeros(3))
    return weightless, segment_kinematics(skeleton, q, zeros, zeros)


def mass_matrix(skeleton: Skeleton, q: FloatArray) -> FloatArray:
    """Generalised forces that accelerate one coordinate after the other, (T, N, N)."""
    weightless, _ = _at_rest(skeleton, q)
    columns = []
    for coordinate in skeleton.free:
        udot = np.zeros_like(q)
        udot[:, coordinate] = 1.0
        moved = segment_kinematics(skeleton, q, np.zeros_like(q), udot)
        columns.append(newton_euler(weightless, moved)[:, skeleton.free])
    return np.stack(columns, axis=-1)


def toes_share(truth: RunTruth, foot: str) -> FloatArray:
    """Share of the force that the toes bear, (T,): a smooth step about their joint."""
    skeleton = truth.gait.skeleton
    _, at_rest = _at_rest(skeleton, truth.motion.q)
    pressure = truth.loads.cop(1.0)[0][:, list(SUFFIX).index(foot)]
    toes = skeleton.joints.index(f"mtp{SUFFIX[foot]}")
    axis = at_rest.axis_direction[:, int(np.flatnonzero(skeleton.axes.body == toes)[0])]
    along = np.stack([-axis[:, 2], axis[:, 0]], axis=1)
    along *= (np.sign(along[:, 0]) / np.linalg.norm(along, axis=1))[:, None]  # all run along x
    ahead = ((pressure - at_rest.joint_centre[:, toes])[:, [0, 2]] * along).sum(axis=1)
    x = np.clip(0.5 + 0.5 * ahead / PASSES, 0.0, 1.0)
    share: FloatArray = 3.0 * x**2 - 2.0 * x**3
    return share


def _loads(truth: RunTruth, foot: str, share: FloatArray) -> list[ExternalLoad]:
    """The loads of the ground, that of the standing foot on foot and toes."""
    loads = {load.body: load for load in truth.loads.external()}
    name = f"foot{SUFFIX[foot]}"
    foot_load, part = loads.pop(name), share[:, None]
    divided = [
        replace(
            foot_load,
            body=body,
            force=part_of_load * foot_load.force,
            moment=part_of_load * foot_load.moment,
        )
        for body, part_of_load in ((name, 1.0 - part), (f"toes{SUFFIX[foot]}", part))
    ]
    return [*loads.values(), *divided]


def foot_matrix(truth: RunTruth, foot: str, share: FloatArray) -> FloatArray:
    """Generalised forces of unit moments and forces at the centre of pressure, (T, N, 6).

    On foot and toes as they bear them, ``share`` (T,) on the toes.
    """
    skeleton, side = truth.gait.skeleton, SUFFIX[foot]
    weightless, at_rest = _at_rest(skeleton, truth.motion.q)
    pressure = truth.loads.cop(1.0)[0][:, list(SUFFIX).index(foot)]
    of_foot, of_toes = (
        _felt(weightless, at_rest, f"{name}{side}", pressure) for name in ("foot", "toes")
    )
    part = share[:, None, None]
    matrix: FloatArray = (1.0 - part) * of_foot + part * of_toes
    return matrix


def _felt(
    weightless: Skeleton, at_rest: SegmentKinematics, body: str, pressure: FloatArray
) -> FloatArray:
    """The same of a body that bears all of it."""
    columns = []
    for unit_wrench in np.eye(6):
        moment, force = (
            np.tile(part, (len(pressure), 1)) for part in (unit_wrench[:3], unit_wrench[3:])
        )
        load = ExternalLoad(body, force, moment, pressure)
        columns.append(-newton_euler(weightless, at_rest, [load])[:, weightless.free])
    return np.stack(columns, axis=-1)
