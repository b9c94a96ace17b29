"""Templates of every kind of joint that OpenSim's full-body models have."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aqbio.body.shape import MarkerPlaces, Template
from aqbio.config import ModelMap, read_yaml
from aqbio.multibody.skeleton import Couplers, JointAxes, Skeleton, line, polynomial, stack
from aqbio.virtual.athlete import Athlete, athlete_skeleton

MODELS = Path(__file__).parents[3] / "models"


@pytest.fixture(scope="session")
def sprint_template() -> Template:
    """Give our own model: parallel joint frames, pins and balls."""
    skeleton = athlete_skeleton(Athlete("made", "female", 60.0, 1.7))
    markers = MarkerPlaces(skeleton.markers, skeleton.marker_body, skeleton.marker_position)
    return Template.of(skeleton, read_yaml(MODELS / "sprint" / "map.yaml", ModelMap), markers)


def _turned(rng: np.random.Generator, bodies: int) -> np.ndarray:
    from scipy.spatial.transform import Rotation

    return Rotation.from_rotvec(rng.normal(0, 0.3, (bodies, 3))).as_matrix()


def _walking_knee(skeleton: Skeleton, body: int, coordinate: int) -> JointAxes:
    """Let a knee slide as it bends, as in Rajagopal's and Lai's models."""
    axes = skeleton.axes
    last = int(np.flatnonzero(axes.body == body)[-1]) + 1
    slides = [polynomial([0.01, -0.02, 0.03]), polynomial([0.0, 0.004, -0.01])]
    return JointAxes(
        body=np.insert(axes.body, last, [body, body]),
        is_rotation=np.insert(axes.is_rotation, last, [False, False]),
        direction=np.insert(axes.direction, last, np.eye(3)[:2], axis=0),
        coordinate=np.insert(axes.coordinate, last, [coordinate, coordinate]),
        functions=stack([line(1.0)] * last + slides + [line(1.0)] * (len(axes) - last)),
        simbody_carriers=np.zeros((len(axes) + 2, len(axes) + 2), dtype=bool),
    )


@pytest.fixture(scope="session")
def odd_template(sprint_template: Template) -> Template:
    """Give a model with turned joint frames, child frames away, a sliding knee and a coupler."""
    rng = np.random.default_rng(7)
    own = sprint_template.skeleton
    bodies = len(own.bodies)
    knee = own.bodies.index("tibia_r")
    bent = own.coordinates.index("knee_angle_r")
    skeleton = replace(
        own,
        parent_rotation=_turned(rng, bodies),
        child_rotation=_turned(rng, bodies),
        child_position=rng.normal(0, 0.03, (bodies, 3)),
        axes=_walking_knee(own, knee, bent),
        couplers=Couplers(
            np.array([own.coordinates.index("mtp_angle_r")]), np.array([bent]), line(0.4)
        ),
    )
    return replace(sprint_template, skeleton=skeleton)
