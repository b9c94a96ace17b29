"""Where the laboratory stands, which side is left and in which order bodies come: all the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.contributions.levels import Levels
from aqbio.gait.steps import rotation_about_vertical
from aqbio.multibody.skeleton import Skeleton
from tests.mechanics.levels_case import Case, mirrored_run, sprint_run
from tests.mirror import mirrored_axial, mirrored_polar

SAME = 1e-9
"""Relative to the largest value; the issue's tolerance."""


def _vectors(found: Levels) -> dict[str, tuple[np.ndarray, str]]:
    """All vectors of levels B and C with their kind; sources and groups by name."""
    vectors: dict[str, tuple[np.ndarray, str]] = {}

    def add(name: str, values: np.ndarray, kind: str) -> None:
        vectors[name] = (values, kind)

    for kinetics, balance in found.hubs:
        hub = kinetics.hub.name
        add(f"{hub} rate", kinetics.rate, "axial")
        for place, source in enumerate(kinetics.hub.sources):
            add(f"{hub} moment {source}", kinetics.moment[:, place], "axial")
            add(f"{hub} force moment {source}", kinetics.force_moment[:, place], "axial")
            add(f"{hub} force {source}", kinetics.force[:, place], "polar")
        for place, part in enumerate(balance.parts):
            add(f"{hub} weight {part}", balance.apparent_weight[:, place], "axial")
            add(f"{hub} about com {part}", balance.moment_on_hub[:, place], "axial")
    for place, group in enumerate(found.groups):
        add(f"inertial {group}", found.shares.inertial[:, place], "polar")
        add(f"relative {group}", found.shares.relative[:, place], "polar")
    for model, induced in found.induced.items():
        for place, source in enumerate(induced.sources):
            name = f"{model} {source}"
            add(f"{name} com", induced.com_acceleration[:, place], "polar")
            add(f"{name} turning", induced.pelvis_acceleration[:, place], "turning")
            for foot, side in enumerate(("left", "right")):
                add(f"{name} moment {side}", induced.moment[:, place, foot], "axial")
                add(f"{name} force {side}", induced.force[:, place, foot], "polar")
            for column, group in enumerate(found.groups):
                add(f"{name} rate {group}", induced.group_rate[:, place, column], "axial")
    return vectors


def _scalars(found: Levels) -> dict[str, np.ndarray]:
    return {name: found.power[:, place] for place, name in enumerate(found.joints)}


def _kind_of(name: str) -> str:
    """Names without contact model, source or group: values of one kind share a scale."""
    words = ("force moment", "moment", "force", "rate", "com", "turning", "weight", "inertial")
    return next((word for word in words if f" {word}" in f" {name}"), "relative")


def _compare(actual, expected, transform, rename=lambda name: name, power=1.0) -> None:
    ours, theirs = _vectors(actual), _vectors(expected)
    assert set(ours) == {rename(name) for name in theirs}
    wanted = {name: transform(values, kind) for name, (values, kind) in theirs.items()}
    scale: dict[str, float] = {}
    for name, values in wanted.items():
        kind = _kind_of(name)
        scale[kind] = max(scale.get(kind, 0.0), float(np.abs(values).max()))
    for name, values in wanted.items():
        error = np.abs(ours[rename(name)][0] - values).max()
        assert error <= SAME * scale[_kind_of(name)], (name, error)
    powers, wanted_powers = _scalars(actual), _scalars(expected)
    largest = power * max(np.abs(values).max() for values in wanted_powers.values())
    for name, values in wanted_powers.items():
        assert np.abs(powers[rename(name)] - power * values).max() <= SAME * largest, name


def _root_moved(skeleton: Skeleton, turn: np.ndarray, shift: np.ndarray) -> Skeleton:
    rotation, position = skeleton.parent_rotation.copy(), skeleton.parent_position.copy()
    rotation[0] = turn @ rotation[0]
    position[0] = turn @ position[0] + shift
    return replace(skeleton, parent_rotation=rotation, parent_position=position)


@pytest.fixture(scope="module")
def case() -> Case:
    return sprint_run(12, 6)


@pytest.fixture(scope="module")
def found(case) -> Levels:
    return case.levels()


@pytest.mark.parametrize(
    ("angle", "shift"),
    [(0.7, (0.0, 0.0, 0.0)), (0.0, (12.0, 0.0, -7.0)), (0.0, (0.0, 0.35, 0.0))],
)
def test_a_laboratory_turned_elsewhere_or_raised(case, found, angle, shift):
    """A treadmill's deck, plates below the floor: feet are held on the surface that they touch."""
    turn = rotation_about_vertical(angle)

    def moved(load):
        force = load.force @ turn.T
        return replace(load, force=force, moment=load.moment @ turn.T + np.cross(shift, force))

    other = replace(
        case.with_loads(moved), skeleton=_root_moved(case.skeleton, turn, np.array(shift))
    )
    _compare(other.levels(surface_height=shift[1]), found, lambda values, _: values @ turn.T)


def _swapped_words(name: str) -> str:
    return name.replace("left", "#").replace("right", "left").replace("#", "right")


def test_a_runner_seen_in_a_mirror(case, found):
    """The sprint model is symmetric: its mirrored motion is that of the same skeleton."""
    reflect = {"axial": mirrored_axial, "turning": mirrored_axial, "polar": mirrored_polar}
    _compare(
        mirrored_run(case).levels(),
        found,
        lambda values, kind: reflect[kind](values),
        _swapped_words,
    )
