"""Trials as stage contributions writes them, of curves that a test knows, and steps cut of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import xarray as xr

from aqbio.config import ModelMap, read_yaml
from aqbio.contributions.dataset import frames_in_contact, levels_dataset, trial_levels
from aqbio.gait.curves import step_dataset, with_spreads
from aqbio.gait.roles import RoleScheme
from aqbio.gait.steps import Contact, Step, rotation_about_vertical
from aqbio.io.study import MODELS
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.names import ANATOMICAL_GROUPS, AXES, SIDES
from tests.mirror import mirrored_axial, mirrored_polar

MAP: ModelMap = read_yaml(MODELS / "sprint" / "map.yaml", ModelMap)
TIME = np.arange(200) / 250.0
MASS = 70.0
JOINTS = tuple(MAP.joints.by_name())
OPPOSITE_SIDE = {"left": "right", "right": "left"}
CHAINS = ("leg_left", "leg_right", "upper_body", "residual")
CONTACTS = {
    "foot": ["right", "left", "right"],
    "touchdown": [0.10, 0.33, 0.56],
    "toe_off": [0.22, 0.45, 0.68],
}


def coordinates() -> tuple[str, ...]:
    """Sagittal coordinates of the sprint model."""
    names = []
    for joint in MAP.sagittal.values():
        names += joint.model_dump().values()
    return tuple(names)


def made_trial(seed: int = 0, *, speed: float = 8.0, belt: float = 0.0) -> xr.Dataset:
    """A trial whose balance is exact: rate = moments of forces + free moments + residual."""
    rng = np.random.default_rng(seed)

    def smooth(*shape: int) -> np.ndarray:
        """Cubics in time, so that resampling by cubics is exact."""
        return np.tensordot(TIME[:, None] ** np.arange(4), rng.normal(0, 5, (4, *shape)), 1)

    rate, moment, free = smooth(6, 3), smooth(2, 3), smooth(2, 3)
    free[..., [0, 2]] = 0.0
    velocity = smooth(3) * 0.01
    velocity[:, 0] += speed - belt
    force = smooth(2, 3) * 100
    feet = np.zeros((len(TIME), 2, 3))
    feet[:, 0, 0] = 5.0 * np.cos(2 * np.pi * TIME / 0.46)
    feet[:, 1, 0] = -feet[:, 0, 0]
    variables = {
        "com": (("time", "axis"), np.tile([0.0, 1.0, 0.0], (len(TIME), 1))),
        "com_velocity": (("time", "axis"), velocity),
        "foot_velocity": (("time", "foot", "axis"), feet),
        "com_acceleration": (("time", "axis"), np.gradient(velocity, TIME, axis=0)),
        "group_angular_momentum": (("time", "group", "axis"), smooth(6, 3)),
        "group_angular_momentum_rate": (("time", "group", "axis"), rate),
        "moment_of_force": (("time", "foot", "axis"), moment),
        "free_moment": (("time", "foot", "axis"), free),
        "residual_moment": (("time", "axis"), (rate.sum(1) - moment.sum(1) - free.sum(1))),
        "residual_force": (("time", "axis"), smooth(3)),
        "ground_force": (("time", "foot", "axis"), force),
        "joint_moment": (("time", "joint", "axis"), smooth(len(JOINTS), 3)),
        "hub_moment": (("time", "chain", "axis"), smooth(len(CHAINS), 3)),
        "hub_force_moment": (("time", "chain", "axis"), smooth(len(CHAINS), 3)),
        "joint_moment_coordinate": (("time", "coordinate"), smooth(len(coordinates()))),
        "contact_foot": ("contact", CONTACTS["foot"]),
        "contact_touchdown": ("contact", CONTACTS["touchdown"]),
        "contact_toe_off": ("contact", CONTACTS["toe_off"]),
        "contact_complete": ("contact", [1, 1, 1]),
        "contact_edge_distance": ("contact", [0.2, 0.2, np.nan]),
        "contact_forefoot_along": ("contact", np.full(3, -belt)),
        "contact_forefoot_across": ("contact", np.zeros(3)),
    }
    return xr.Dataset(
        variables,
        coords={
            "time": TIME,
            "group": list(ANATOMICAL_GROUPS),
            "joint": list(JOINTS),
            "chain": list(CHAINS),
            "coordinate": list(coordinates()),
            "foot": list(SIDES),
            "axis": list(AXES),
        },
        attrs={
            "mass": MASS,
            "belt_speed": belt,
            "surface": "overground",
            "surface_height": 0.0,
            "motion": "plain",
            "body": "scaled",
        },
    )


def fitted_trial(trial: xr.Dataset, seed: int = 1) -> xr.Dataset:
    """The same trial as one that was fitted: with its plain version and a posterior."""
    rng = np.random.default_rng(seed)
    variables = {
        f"{name}_plain": trial[name] + 2.0
        for name in (
            "group_angular_momentum",
            "group_angular_momentum_rate",
            "residual_moment",
            "residual_force",
        )
    }
    dimensions = ("group", "other_group", "axis")
    groups, contacts = trial.sizes["group"], trial.sizes["contact"]
    for quantity in ("momentum", "rate"):
        for name, along, size in (("group", "time", len(TIME)), ("stance", "contact", contacts)):
            roots = rng.normal(0.0, 0.1, (groups, groups, 3))
            covariance = np.einsum("gka,hka->gha", roots, roots)
            variables[f"{name}_{quantity}_covariance"] = (
                (along, *dimensions),
                np.broadcast_to(covariance, (size, *covariance.shape)),
            )
    off = rng.normal(0.0, 0.1, (30, 1, groups, 3))
    samples = trial["group_angular_momentum"].values + off
    variables["group_momentum_sample"] = (("sample", "time", "group", "axis"), samples)
    return trial.assign(variables).assign_attrs(
        mass_plain=MASS + 1.0, motion="fitted", body="adjusted"
    )


def _other_side(name: str) -> str:
    for left, right in (("_left", "_right"), ("_l", "_r")):
        if name.endswith(left):
            return name.removesuffix(left) + right
        if name.endswith(right):
            return name.removesuffix(right) + left
    return OPPOSITE_SIDE.get(name, name)


def mirrored_trial(trial: xr.Dataset) -> xr.Dataset:
    """The same run seen in a mirror: left and right change names, vectors are reflected."""
    polar = {
        "com", "com_velocity", "com_acceleration", "foot_velocity", "ground_force",
        "residual_force",
    }  # fmt: skip
    mirrored = trial.copy(deep=True)
    for name, variable in trial.data_vars.items():
        if "axis" in variable.dims:
            mirror = mirrored_polar if name in polar else mirrored_axial
            mirrored[name] = variable.copy(data=mirror(variable.values))
    mirrored["contact_foot"] = (
        "contact",
        [OPPOSITE_SIDE[str(f)] for f in trial["contact_foot"].values],
    )
    mirrored["contact_forefoot_across"] = -trial["contact_forefoot_across"]
    for name in ("group", "joint", "chain", "foot", "coordinate"):
        labels = [_other_side(str(label)) for label in trial[name].values]
        mirrored = mirrored.assign_coords({name: labels})
    return mirrored


RIGHT = Contact("right", 0.010, 0.045, complete=True, edge_distance=0.2)
STEP = Step(1, "right", 0.010, 0.045, 0.059, "ok", "")


def levels_trial(case, time, contacts, heading=0.0):
    """Levels of a case and their dataset, with the ground force of level A beside them."""
    moves = segment_kinematics(case.skeleton, *case.motion)
    touching = frames_in_contact(time, contacts)
    levels = trial_levels(case.skeleton, moves, case.loads, touching, MAP)
    dataset = levels_dataset(levels, time, heading)
    turn = rotation_about_vertical(-heading)
    force = levels.mechanics.balance.force @ turn.T
    dataset["ground_force"] = (("time", "foot", "axis"), force)
    return levels, dataset


def grounded(case, touching):
    """The same case with loads on held feet only."""
    loads = tuple(
        replace(x, force=x.force * on[:, None], moment=x.moment * on[:, None])
        for x, on in zip(case.loads, touching.T, strict=True)
    )
    return replace(case, loads=loads)


def prepared_of(case, time, has_force: np.ndarray) -> xr.Dataset:
    """Loads and the right foot's contact of a case as stage prepare writes them."""

    def feet(name: str) -> np.ndarray:
        values = np.stack([getattr(load, name) for load in case.loads], axis=1)
        return np.where(has_force[:, None, None], values, np.nan)

    return xr.Dataset(
        {
            "foot_force": (("time", "foot", "axis"), feet("force")),
            "foot_moment": (("time", "foot", "axis"), feet("moment")),
            "contact_foot": ("contact", [RIGHT.side] if has_force.any() else []),
            "contact_touchdown": ("contact", [RIGHT.touchdown] if has_force.any() else []),
            "contact_toe_off": ("contact", [RIGHT.toe_off] if has_force.any() else []),
            "contact_complete": ("contact", [True] if has_force.any() else []),
            "contact_edge_distance": ("contact", [0.2] if has_force.any() else []),
            "contact_forefoot_along": ("contact", [0.0] if has_force.any() else []),
            "contact_forefoot_across": ("contact", [0.0] if has_force.any() else []),
        },
        coords={"time": time, "foot": list(SIDES), "axis": list(AXES)},
        attrs={
            "surface": "overground",
            "surface_height": 0.0,
            "belt_speed": 0.0,
            "events": "plates",
            "free_moment": "measured",
        },
    )


ROLES = RoleScheme().items


def cut_steps(
    trial: xr.Dataset, steps: Sequence[Step], scheme: RoleScheme | None = None
) -> xr.Dataset:
    """Steps of a trial with their spreads."""
    roles = scheme or RoleScheme()
    return with_spreads(step_dataset(trial, steps, MAP, roles), trial, steps, roles)


def one_step(trial: xr.Dataset, step: Step, scheme: RoleScheme | None = None) -> xr.Dataset:
    """Curves (phase, percent, ...) of one step."""
    return cut_steps(trial, [step], scheme).isel(step=0)
