"""A made-up study in the layout of the pipeline's files: smooth, plausible, known.

Group means about the vertical follow the size and sign that whole-body simulation of sprinting
gives (push leg -2.6, swing leg -1.4, arms +3.5, torso +1.0, pelvis +0.2 kg m²/s at 9.5 m/s); the
rate is the derivative of the momentum, and the external moment is what the balance asks for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from aqbio.gait.roles import RoleScheme

PHASES = ("stance", "flight")
AXES = ("x", "y", "z")
GROUPS = ("push_leg", "swing_leg", "arms", "torso", "pelvis", "push_side", "swing_side", "total")
JOINTS = (
    *(f"{joint}_{side}" for joint in ("hip", "knee", "ankle") for side in ("push", "swing")),
    "lumbar",
    *(f"{joint}_{side}" for joint in ("shoulder", "elbow") for side in ("push", "swing")),
)
CHAINS = ("leg_push", "leg_swing", "upper_body", "residual")
MASS_KG = 75.95
WEIGHT_N = MASS_KG * 9.80665

Array = NDArray[np.float64]

# Mean, first and second harmonic over the step (kg m²/s at 9.5 m/s), by axis and group.
_HARMONICS = {
    "y": {
        "push_leg": (-2.4, -1.5, 0.5, 0.3),
        "swing_leg": (-1.5, 0.9, -0.8, 0.2),
        "torso": (0.9, 0.35, 0.3, -0.1),
        "pelvis": (0.15, -0.1, 0.1, 0.05),
    },
    "x": {
        "push_leg": (-1.0, 1.8, 0.6, 0.4),
        "swing_leg": (1.2, -1.3, 0.5, -0.3),
        "torso": (0.1, -0.7, -0.5, 0.1),
        "pelvis": (0.0, 0.1, -0.1, 0.0),
    },
    "z": {
        "push_leg": (-24.0, 9.0, -6.0, 2.0),
        "swing_leg": (17.0, -8.0, 5.0, -1.5),
        "torso": (2.0, 2.5, -1.5, 0.5),
        "pelvis": (0.3, 0.4, -0.3, 0.1),
    },
}
_TOTAL = {"x": (0.2, 0.9), "y": (0.3, -0.7), "z": (-3.0, 4.0)}
_RESIDUAL_NM = {"x": 60.0, "y": 28.0, "z": 130.0}


@dataclass(frozen=True)
class MadeStep:
    """What is known about one made-up step."""

    participant: str
    trial: str
    number: int
    side: str
    speed: float
    contact: float
    flight: float


def made_steps(participants: int = 1) -> list[MadeStep]:
    """Four jogging and three sprinting steps of every participant; from two on, 5 and 7 m/s too."""
    steps = []
    for person in range(1, participants + 1):
        name = f"S{person:02d}"
        for number in range(1, 5):
            side = "left" if number % 2 else "right"
            steps.append(MadeStep(name, "jog", number, side, 3.55 + 0.01 * number, 0.245, 0.13))
        if participants > 1:
            for trial, speed, contact in (("stride", 5.1, 0.19), ("fast", 6.9, 0.15)):
                for number in range(1, 6):
                    side = "left" if number % 2 else "right"
                    quicker = speed + 0.02 * number
                    steps.append(MadeStep(name, trial, number, side, quicker, contact, 0.127))
        for number in range(1, 4):
            side = "right" if number % 2 else "left"
            steps.append(MadeStep(name, "sprint", number, side, 9.50 + 0.02 * number, 0.119, 0.11))
    return steps


def made_step_curves(participants: int = 1) -> xr.Dataset:
    """Step curves in the layout of steps/curves.nc."""
    steps = made_steps(participants)
    random = np.random.default_rng(1)
    parts = [_step(step, random) for step in steps]
    dims = {
        "angular_momentum": ("step", "phase", "percent", "group", "axis"),
        "angular_momentum_rate": ("step", "phase", "percent", "group", "axis"),
        "external_moment": ("step", "phase", "percent", "axis"),
        "free_moment": ("step", "phase", "percent", "axis"),
        "moment_of_force": ("step", "phase", "percent", "axis"),
        "residual_moment": ("step", "phase", "percent", "axis"),
        "ground_force": ("step", "phase", "percent", "axis"),
        "joint_moment": ("step", "phase", "percent", "joint", "axis"),
        "joint_flexion_moment": ("step", "phase", "percent", "joint"),
        "hub_moment": ("step", "phase", "percent", "chain", "axis"),
        "hub_joint_moment": ("step", "phase", "percent", "chain", "axis"),
    }
    dataset = xr.Dataset(
        {name: (dim, np.stack([part[name] for part in parts])) for name, dim in dims.items()},
        coords={
            "phase": list(PHASES),
            "percent": np.arange(101),
            "group": list(GROUPS),
            "axis": list(AXES),
            "joint": list(JOINTS),
            "chain": list(CHAINS),
            "participant_id": ("step", [step.participant for step in steps]),
            "trial_id": ("step", [step.trial for step in steps]),
            "number": ("step", [step.number for step in steps]),
            "side": ("step", [step.side for step in steps]),
            "speed": ("step", [step.speed for step in steps]),
            "contact_s": ("step", [step.contact for step in steps]),
            "flight_s": ("step", [step.flight for step in steps]),
        },
    )
    dataset.attrs["roles"] = RoleScheme().words()
    dataset["joint_flexion_moment"].attrs["positive"] = "extension, plantarflexion at the ankle"
    return dataset


def _step(step: MadeStep, random: np.random.Generator) -> dict[str, Array]:
    """Curves of one step; every array (phase, percent, ...)."""
    scale = (step.speed / 9.5) ** 1.1
    duration = step.contact + step.flight
    time = np.stack([np.linspace(0, step.contact, 101), np.linspace(step.contact, duration, 101)])
    momentum = np.stack(
        [_momentum(axis, time / duration, step.contact / duration, scale, random) for axis in AXES],
        axis=-1,
    )
    rate = np.stack([np.gradient(momentum[p], time[p], axis=0) for p in range(2)])
    stance = np.stack([np.sin(np.pi * np.linspace(0, 1, 101)), np.zeros(101)])
    free = np.zeros((2, 101, 3))
    free[..., 1] = 9.0 * scale * stance * np.cos(np.linspace(0, 3, 101))
    total = rate[:, :, GROUPS.index("total")]
    residual = np.stack(
        [
            _RESIDUAL_NM[axis] * scale**2 * np.sin(2 * np.pi * 2.2 * time / duration + 1.3 * k)
            for k, axis in enumerate(AXES)
        ],
        axis=-1,
    )
    residual[1] = total[1]
    joints = _joint_moments(stance, time / duration, scale, random)
    hub = _hub_moments(time / duration, scale)
    return {
        "hub_moment": hub,
        "hub_joint_moment": 0.7 * hub,
        "angular_momentum": momentum,
        "angular_momentum_rate": rate,
        "external_moment": total - residual,
        "free_moment": free,
        "moment_of_force": total - residual - free,
        "residual_moment": residual,
        "ground_force": _ground_force(stance, step, random),
        "joint_moment": joints,
        "joint_flexion_moment": joints[..., 2],
    }


def _momentum(
    axis: str, phase: Array, take_off: float, scale: float, random: np.random.Generator
) -> Array:
    """Angular momentum of every group about one axis, (2, 101, group), kg m²/s."""
    angle = 2 * np.pi * phase
    parts = {}
    for group, (mean, cosine, sine, second) in _HARMONICS[axis].items():
        shape = mean + cosine * np.cos(angle) + sine * np.sin(angle) + second * np.cos(2 * angle)
        noise = (
            0.06 * abs(mean) * random.normal()
            + 0.1 * abs(cosine) * np.sin(angle + random.normal()) * random.normal()
        )
        parts[group] = scale * (shape + noise)
    mean, change = _TOTAL[axis]
    # Ground contact changes the total; in flight only a small drift of the measurement does.
    along = np.minimum(phase / take_off, 1.0)
    total = scale * (mean + change * np.sin(np.pi * along) + 0.05 * (phase - take_off))
    parts["arms"] = total - sum(parts.values())
    parts["push_side"] = total - parts["swing_leg"]
    parts["swing_side"] = parts["swing_leg"]
    parts["total"] = total
    return np.stack([parts[group] for group in GROUPS], axis=-1)


def _hub_moments(phase: Array, scale: float) -> Array:
    """Torques on the pelvis, (2, 101, chain, axis), N m: they cancel but for a small residual."""
    push = 40.0 * np.cos(2 * np.pi * phase)
    swing = 25.0 * np.sin(2 * np.pi * phase)
    residual = 4.0 * np.sin(6 * np.pi * phase)
    torque = scale * np.stack([push, swing, -push - swing - residual, residual], axis=-1)
    return torque[..., None] * np.array([1.5, 1.0, 3.0])


def _ground_force(stance: Array, step: MadeStep, random: np.random.Generator) -> Array:
    force = np.zeros((2, 101, 3))
    along = np.linspace(0, 1, 101)
    peak = (1.9 + 0.14 * step.speed) * WEIGHT_N * (1 + 0.03 * random.normal())
    force[0, :, 1] = peak * stance[0]
    force[0, :, 0] = -0.12 * peak * np.sin(2 * np.pi * along)
    force[0, :, 2] = -0.04 * peak * stance[0] * np.cos(2 * along)
    return force


def _joint_moments(stance: Array, phase: Array, scale: float, random: np.random.Generator) -> Array:
    """Joint moments, (2, 101, joint, axis), N m; the last axis doubles as flexion component."""
    size = {"hip": 180.0, "knee": 130.0, "ankle": 190.0, "lumbar": 160.0}
    size |= {"shoulder": 35.0, "elbow": 14.0}
    moments = np.zeros((2, 101, len(JOINTS), 3))
    for number, name in enumerate(JOINTS):
        joint, _, role = name.partition("_")
        shift = {"push": 0.4, "swing": 2.9, "": 1.2}[role] + 0.15 * random.normal()
        wave = np.sin(2 * np.pi * phase + shift)
        load = stance if role == "push" and joint in ("knee", "ankle") else wave
        if role == "swing" and joint == "ankle":
            load = 0.04 * wave
        for axis, part in enumerate((0.2, 0.18, 1.0)):
            moments[..., number, axis] = scale * size[joint] * part * load
    return moments
