"""Errors of a body that was found against the virtual truth: itself, and what stands on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from aqbio.mechanics.calibration.fit import BodyFit
from aqbio.mechanics.calibration.posterior import lengths
from aqbio.mechanics.contributions.levels import Anatomy, Levels, levels
from aqbio.mechanics.multibody.dynamics import ExternalLoad
from aqbio.mechanics.multibody.kinematics import SegmentMotion, segment_kinematics, segment_motion
from aqbio.mechanics.multibody.momentum import angular_momentum_rate, centre_of_mass
from aqbio.mechanics.multibody.motion import spline_motion
from aqbio.mechanics.multibody.poses import segment_poses
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.recordings.filters import low_pass
from aqbio.mechanics.vectors import FloatArray, cross
from aqbio.virtual.truth import FEET
from validation.bodies import MAP, RATE, VirtualBody, measured_places
from validation.joint_distances import joint_distances

EVERY, CUTOFF, EDGE, THINNED = 2, 20.0, 12, 3
"""Frames that are solved, low-pass of coordinates in Hz, solved frames left out at the ends, and
solved frames of the stances that are compared."""

ANGLES = (
    "knee_angle", "hip_flexion", "hip_adduction", "hip_rotation", "ankle_angle",
    "lumbar_extension",
)  # fmt: skip
CENTRES = ("hip", "knee", "ankle", "shoulder")
ANATOMY = Anatomy(MAP.groups, MAP.joints.by_name(), MAP.pelvis.joint)
SIDES = {1.0: ("right", "left"), -1.0: ("left", "right")}
"""Push side and swing side by the foot on the ground."""

MOMENTS = {
    "moment push hip": ("hip_flexion", 0), "moment push knee": ("knee_angle", 0),
    "moment push ankle": ("ankle_angle", 0), "moment swing hip": ("hip_flexion", 1),
}  # fmt: skip
LEG_JOINTS = ("hip", "knee", "ankle", "mtp")
TRUE_MASSES, OWN_MASSES = "true masses", "own masses"


@dataclass(frozen=True, eq=False)
class Found:
    """A body that some way found: its skeleton, what it states, and its time.

    Attributes
    ----------
    way : str
    skeleton : Skeleton
    q : tuple of (T, C) arrays
        Coordinates of the runs, every second frame, in the order of the truth.
    seconds : float
        CPU time of the body alone.
    sides : tuple of str
        Endings of coordinates and joints that are judged.
    fit : BodyFit or None
    """

    way: str
    skeleton: Skeleton
    q: tuple[FloatArray, ...]
    seconds: float
    sides: tuple[str, ...] = ("_r", "_l")
    fit: BodyFit | None = None


Row = dict[str, object]


def judged(found: Found, body: VirtualBody) -> Iterator[Row]:
    """Errors of one body: group, quantity, error (mm, degrees, kg m²/s, N m), stated deviation."""
    yield from _lengths(found, body)
    truth = [true_q[::EVERY] for true_q in body.q]
    apart = [
        np.degrees((q - true_q + np.pi) % (2.0 * np.pi) - np.pi)
        for q, true_q in zip(found.q, truth, strict=True)
    ]
    yield from _angles(found, body, np.concatenate(apart))
    yield from _centres(found, body, truth)
    if len(found.sides) > 1:
        yield from _outcomes(found, body, truth[-1])
    yield _row("time", "CPU s", found.seconds)


def _row(group: str, quantity: str, error: float, sd: float = np.nan) -> Row:
    return {"group": group, "quantity": quantity, "error": error, "sd": sd}


def _lengths(found: Found, body: VirtualBody) -> Iterator[Row]:
    truth = _measured(body.skeleton)
    stated = {one.name: one.sd for one in lengths(found.fit)} if found.fit else {}
    for name, length in _measured(found.skeleton).items():
        if name not in truth:
            continue
        kind = name.removesuffix("_right").removesuffix("_left").replace("_", " ")
        group = kind if kind.endswith("width") else "length"
        error, sd = 1e3 * (length - truth[name]), 1e3 * stated.get(name, np.nan)
        yield _row(group, kind, error, sd)


def _measured(skeleton: Skeleton) -> dict[str, float]:
    template = measured_places(skeleton)
    return joint_distances(template, template.shape())


def _angles(found: Found, body: VirtualBody, apart: FloatArray) -> Iterator[Row]:
    names = body.skeleton.coordinates
    stated = offset_sds(found.fit) if found.fit else {}
    for index, name in enumerate(names):
        kind = name.removesuffix("_r").removesuffix("_l")
        if kind in ANGLES and (kind == name or name.endswith(found.sides)):
            words = f"{kind.replace('_angle', '').replace('_', ' ')} offset"
            yield _row("angle", words, float(apart[:, index].mean()), stated.get(name, np.nan))


def offset_sds(fit: BodyFit) -> dict[str, float]:
    """Deviation of what a coordinate is off in all moving frames together, degrees."""
    problem = fit.problem
    mean = fit.by_theta[~problem.frames.still].mean(axis=0)
    sds = np.degrees(np.sqrt(((mean @ fit.covariance) * mean).sum(axis=1)))
    names = problem.template.skeleton.coordinates
    return {names[index]: float(sd) for index, sd in zip(problem.free, sds, strict=True)}


def _centres(found: Found, body: VirtualBody, truth: Sequence[FloatArray]) -> Iterator[Row]:
    """Distances of joint centres in the ground."""
    own, true = found.skeleton, body.skeleton
    mine = np.concatenate([segment_poses(own, ordered(own, true, q)).joint_centre for q in found.q])
    theirs = np.concatenate([segment_poses(true, q).joint_centre for q in truth])
    for index, name in enumerate(true.joints):
        if name.startswith(CENTRES) and name.endswith(found.sides):
            apart = mine[:, own.joints.index(name)] - theirs[:, index]
            rms = 1e3 * float(np.sqrt((apart**2).sum(axis=1).mean()))
            yield _row("centre", f"{name[:-2]} centre", rms)


def ordered(skeleton: Skeleton, true: Skeleton, q: FloatArray) -> FloatArray:
    """Coordinates in the order of another skeleton."""
    return np.asarray(q[:, [true.coordinates.index(name) for name in skeleton.coordinates]])


def _outcomes(found: Found, body: VirtualBody, truth: FloatArray) -> Iterator[Row]:
    """RMS errors of what is computed, over the stances of the last run, under the true forces."""
    own, true = found.skeleton, body.skeleton
    foot = body.stance[-1][::EVERY]
    q = ordered(own, true, found.q[-1])
    order = [true.bodies.index(name) for name in own.bodies]
    weighed = replace(own, mass=true.mass[order], com=true.com[order], inertia=true.inertia[order])
    loads = ground_loads(true, truth, foot)
    right = outcomes(true, truth, foot, loads)
    for group, skeleton in ((TRUE_MASSES, weighed), (OWN_MASSES, own)):
        for name, values in outcomes(skeleton, q, foot, loads).items():
            yield _row(group, name, float(np.sqrt(((values - right[name]) ** 2).mean())))


def _moving(skeleton: Skeleton, q: FloatArray):  # type: ignore[no-untyped-def]
    rate = RATE / EVERY
    motion = spline_motion(skeleton, np.arange(len(q)) / rate, low_pass(q, rate, CUTOFF))
    return segment_kinematics(skeleton, motion.q, motion.u, motion.udot)


def ground_loads(skeleton: Skeleton, q: FloatArray, foot: FloatArray) -> list[ExternalLoad]:
    """What the ground must exert on the foot that is on it, by Newton and Euler."""
    moves: SegmentMotion = segment_motion(skeleton, _moving(skeleton, q))
    com, _, acceleration = centre_of_mass(moves)
    force = skeleton.mass.sum() * (acceleration - skeleton.gravity)
    moment = angular_momentum_rate(moves, com, acceleration).sum(axis=1) + cross(com, force)
    on = {"foot_l": (foot < 0)[:, None], "foot_r": (foot > 0)[:, None]}
    return [ExternalLoad(name, force * on[name], moment * on[name], np.zeros(3)) for name in FEET]


def outcomes(
    skeleton: Skeleton, q: FloatArray, foot: FloatArray, loads: Sequence[ExternalLoad]
) -> dict[str, FloatArray]:
    """Momentum, joint moments and levels B and C by role, (T,) each, in the stances."""
    inside = np.flatnonzero(foot)
    inside = inside[(inside >= EDGE) & (inside < len(foot) - EDGE)][::THINNED]
    pressed = [ExternalLoad(one.body, one.force[inside], one.moment[inside], one.point)
               for one in loads]  # fmt: skip
    touching = np.stack([foot[inside] < 0, foot[inside] > 0], axis=1)
    found = levels(skeleton, _moving(skeleton, q).picked(inside), pressed, touching, ANATOMY)
    every = {side: _by_role(found, *SIDES[side]) for side in SIDES}
    right = foot[inside] > 0
    return {name: np.where(right, values, every[-1.0][name]) for name, values in every[1.0].items()}


def _by_role(found: Levels, push: str, swing: str) -> dict[str, FloatArray]:
    """All outcomes as if one side pushed all the time, about the vertical."""
    mechanics, groups = found.mechanics, list(found.groups)
    bodies = mechanics.skeleton.bodies
    momentum = {
        name: mechanics.balance.momentum[:, [bodies.index(one) for one in members], 1].sum(axis=1)
        for name, members in ANATOMY.groups.items()
    }
    rate = {name: found.group_rate[:, groups.index(name), 1] for name in groups}
    legs = {"push leg": f"leg_{push}", "swing leg": f"leg_{swing}"}
    arms = momentum["arm_left"] + momentum["arm_right"]
    return {
        **{f"H_y {role}": momentum[name] for role, name in legs.items()},
        "H_y arms": arms,
        "H_y torso": momentum["torso"],
        "H_y total": np.sum(list(momentum.values()), axis=0),
        **{f"dH_y/dt {role}": rate[name] for role, name in legs.items()},
        **_joint_moments(found, push, swing),
        **_hub_moments(found, legs),
        **_induced_rates(found, push, swing),
    }


def _joint_moments(found: Levels, push: str, swing: str) -> dict[str, FloatArray]:
    names, forces = found.mechanics.skeleton.coordinates, found.mechanics.forces
    sides = (push[0], swing[0])
    return {
        words: forces[:, names.index(f"{kind}_{sides[role]}")]
        for words, (kind, role) in MOMENTS.items()
    }


def _hub_moments(found: Levels, legs: dict[str, str]) -> dict[str, FloatArray]:
    """Level B: moment of each chain on the pelvis."""
    kinetics = found.hubs[0][0]
    sources = kinetics.hub.sources
    chains = legs | {"upper body": "upper_body"}
    return {
        f"level B {role}": kinetics.wrench[:, sources.index(name), 1]
        for role, name in chains.items()
    }


def _induced_rates(found: Levels, push: str, swing: str) -> dict[str, FloatArray]:
    """Level C: rate of the whole body's momentum that the joints of each leg bring about."""
    induced = found.induced["C2"]
    rate = induced.momentum_rate[..., 1]
    return {
        f"level C {role} joints": rate[
            :, [induced.sources.index(f"{joint}_{side}") for joint in LEG_JOINTS]
        ].sum(axis=1)
        for role, side in (("push leg", push), ("swing leg", swing))
    }
