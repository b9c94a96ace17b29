"""A runner whose motion and ground reactions are drawn at random, for tests of levels B and C."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import yaml

from aqbio.body.draws import BodySpread
from aqbio.body.shape import Template, TemplateMarkers
from aqbio.config import ModelMap
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.multibody.skeleton import Skeleton
from aqbio.rotation.levels import Anatomy, Levels, levels
from aqbio.virtual.athlete import Athlete, athlete_skeleton
from tests.identities import identities
from tests.mirror import mirrored_axial, mirrored_polar

MAPS = Path(__file__).parents[1] / "models"
FEET = ("foot_l", "foot_r")
RUNNER = Athlete("runner", "male", 75.0, 1.8)
SIGN_CHANGES = (
    "pelvis_list", "pelvis_rotation", "pelvis_tz", "lumbar_bending", "lumbar_rotation",
    "neck_bending", "neck_rotation",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A motion, its loads and which foot is on the ground: right, left, both or none."""

    skeleton: Skeleton
    motion: tuple[np.ndarray, np.ndarray, np.ndarray]
    loads: tuple[ExternalLoad, ...]
    touching: np.ndarray
    anatomy: Anatomy

    def levels(self, **options) -> Levels:
        moves = segment_kinematics(self.skeleton, *self.motion)
        return levels(self.skeleton, moves, self.loads, self.touching, self.anatomy, **options)

    def identities(self) -> dict[str, float]:
        return identities(self.levels())

    def with_loads(self, change) -> Case:
        return replace(self, loads=tuple(change(load) for load in self.loads))


def map_of(model: str) -> ModelMap:
    text = (MAPS / model / "map.yaml").read_text(encoding="utf-8")
    return ModelMap.model_validate(yaml.safe_load(text))


def anatomy_of(model: str) -> Anatomy:
    model_map = map_of(model)
    return Anatomy(model_map.groups, model_map.joints.by_name(), model_map.pelvis.joint)


def body_spread(skeleton: Skeleton, share: float = 1.0) -> BodySpread:
    """Sizes of 2 %, markers of 6 mm, axes of 2 degrees, sliding and skin of 8 mm, times a share."""
    markers = TemplateMarkers(skeleton.markers, skeleton.marker_body, skeleton.marker_position)
    template = Template.of(skeleton, map_of("sprint"), markers)
    sd = share * np.repeat([0.02, 0.006, np.radians(2.0), 0.008], template.sizes)
    return BodySpread(template, np.diag(sd**2), np.full(len(skeleton.markers), share * 0.008), 0.4)


def impulse_left(time: np.ndarray, relative: np.ndarray) -> np.ndarray:
    """Impulse of each group's relative share, (G, 3), as a share of that of its absolute value.

    0 where stance and flight cancel over the stride, 1 where a share never changes sign.
    """
    impulse = np.trapezoid(relative, time, axis=0)
    absolute = np.trapezoid(np.abs(relative), time, axis=0)
    return np.divide(impulse, absolute, out=np.zeros_like(impulse), where=absolute > 0)


def ground_loads(frames: int, seed: int, feet=FEET) -> tuple[ExternalLoad, ...]:
    """Forces of up to 3 kN at points on the ground with free moments, given about the origin."""
    rng = np.random.default_rng(seed + 7)
    loads = []
    for foot in feet:
        force = rng.normal(0, 300, (frames, 3))
        force[:, 1] = rng.uniform(30, 3000, frames)
        point = rng.normal(0, 0.3, (frames, 3)) * [1, 0, 1]
        moment = np.cross(point, force)
        moment[:, 1] += rng.normal(0, 10, frames)
        loads.append(ExternalLoad(foot, force, moment, np.zeros(3)))
    return tuple(loads)


def random_run(skeleton: Skeleton, anatomy: Anatomy, feet, *, frames: int, seed: int) -> Case:
    """Speeds and accelerations as in a sprint, in all combinations of feet on the ground."""
    rng = np.random.default_rng(seed)
    shape = (frames, len(skeleton.coordinates))
    q, u, udot = rng.uniform(-0.8, 0.8, shape), rng.normal(0, 5, shape), rng.normal(0, 50, shape)
    locked = skeleton.coordinate_locked
    q[:, locked], u[:, locked], udot[:, locked] = 0.0, 0.0, 0.0
    touching = np.array([[False, False], [True, False], [False, True], [True, True]])
    touching = touching[np.arange(frames) % 4]
    return Case(skeleton, (q, u, udot), ground_loads(frames, seed, feet), touching, anatomy)


def sprint_run(frames: int = 8, seed: int = 0) -> Case:
    """The sprint model with neck, girdles and forearms free."""
    locked = athlete_skeleton(RUNNER)
    skeleton = replace(locked, coordinate_locked=np.zeros_like(locked.coordinate_locked))
    return random_run(skeleton, anatomy_of("sprint"), FEET, frames=frames, seed=seed)


def smooth_run(frames: int = 60, rate: float = 1000.0) -> tuple[Case, np.ndarray]:
    """Joints swing harmonically at 2 to 5 Hz, sampled as a fast camera would; its clock.

    Neck, girdles and forearms are held.
    """
    case, rng = sprint_run(frames), np.random.default_rng(11)
    count = len(case.skeleton.coordinates)
    time = np.arange(frames) / rate
    turning = 2 * np.pi * rng.uniform(2, 5, count)
    angle = turning * time[:, None] + rng.uniform(0, 2 * np.pi, count)
    size = rng.uniform(0.2, 0.6, count) * ~athlete_skeleton(RUNNER).coordinate_locked
    motion = (
        size * np.sin(angle),
        size * turning * np.cos(angle),
        -size * turning**2 * np.sin(angle),
    )
    return replace(case, skeleton=athlete_skeleton(RUNNER), motion=motion), time


def _other_side(name: str) -> str:
    swap = {"_l": "_r", "_r": "_l"}
    return name[:-2] + swap[name[-2:]] if name[-2:] in swap else name


def mirrored_run(case: Case) -> Case:
    """The same run seen in a mirror: the sprint model is symmetric, left and right are swapped."""
    names = case.skeleton.coordinates
    order = [names.index(_other_side(name)) for name in names]
    sign = np.array([-1.0 if name in SIGN_CHANGES else 1.0 for name in names])
    loads = tuple(
        replace(
            load,
            body=_other_side(load.body),
            force=mirrored_polar(load.force),
            moment=mirrored_axial(load.moment),
        )
        for load in case.loads[::-1]
    )
    return replace(
        case,
        motion=tuple(values[:, order] * sign for values in case.motion),
        loads=loads,
        touching=case.touching[:, ::-1],
    )
