"""Bodies that replays and the first page draw: solids, places and turns of a stick runner."""

from __future__ import annotations

import json
import re
import statistics
from dataclasses import replace
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest
import xarray as xr
from scipy.spatial.transform import Rotation

from aqbio.gait.roles import RoleScheme
from aqbio.multibody.poses import segment_poses
from aqbio.pages.replay import (
    LENGTH,
    POINT,
    TURN,
    Channel,
    TrialReplay,
    level_curves,
    replay_script,
    spread,
)
from aqbio.report.contact import INSTANTS, PIXELS_PER_M, POSE_GAP_M, _poses
from tests.unpacked import unpack

GROUPS = {
    "pelvis": ("pelvis",),
    "torso": ("torso",),
    "leg_left": ("thigh_l", "shank_l", "foot_l"),
    "leg_right": ("thigh_r", "shank_r", "foot_r"),
    "arm_left": ("arm_l",),
    "arm_right": ("arm_r", "forearm_r"),
}
"""All but one forearm, which is in no group."""

MASSLESS, HIDDEN = "foot_l", "shank_r"
GROUND = -1.1


@pytest.fixture(scope="module")
def replay(runner, running) -> TrialReplay:
    """The stick runner, who spins about the vertical, so that quaternions pass their negatives."""
    number = runner.bodies.index(MASSLESS)
    skeleton = replace(runner, mass=np.where(np.arange(len(runner.mass)) == number, 0, runner.mass))
    poses = segment_poses(skeleton, running)
    spin = np.outer(np.linspace(0.0, 9.0, len(running)), [0.0, 1.0, 0.0])
    poses = replace(
        poses, rotation=Rotation.from_rotvec(spin).as_matrix()[:, None] @ poses.rotation
    )
    random, names = np.random.default_rng(5), skeleton.markers[2:6]
    measured = random.normal(0.0, 1.0, (len(running), len(names), 3))
    measured[3, 1] = np.nan
    markers = {
        name: (
            skeleton.bodies[skeleton.marker_body[row]], skeleton.marker_position[row],
        )
        for row, name in enumerate(skeleton.markers)
        if name in names
    }  # fmt: skip
    return TrialReplay(
        "A", "run", 2.0 + np.arange(len(running)) / 150.0, skeleton, poses,
        poses.origin + random.normal(0.0, 0.02, poses.origin.shape), GROUPS, {HIDDEN: False},
        RoleScheme(), markers, measured,
        {"force": (("left", "right"), Channel(random.normal(0, 900, (len(running), 2)), 0.5))},
        np.zeros((0, 4, 3)), (), GROUND,
    )  # fmt: skip


def _squares(replay: TrialReplay, number: int) -> np.ndarray:
    """``R diag(a²) Rᵀ`` of a segment's ellipsoid: second moments of its mass, m a² / 5."""
    skeleton = replay.skeleton
    inertia = skeleton.inertia[number]
    return 5.0 * (np.trace(inertia) / 2.0 * np.eye(3) - inertia) / skeleton.mass[number]


def _centres(replay: TrialReplay) -> np.ndarray:
    """Centres of mass (T, B, 3), one segment after the other."""
    poses, skeleton = replay.poses, replay.skeleton
    return np.stack(
        [
            poses.origin[:, body] + poses.rotation[:, body] @ skeleton.com[body]
            for body in range(len(skeleton.bodies))
        ],
        axis=1,
    )


def test_a_script_holds_the_solids_of_the_skeleton_and_their_motion(replay):
    script = json.loads(json.dumps(replay_script(replay), allow_nan=False))
    skeleton, poses, numbers = replay.skeleton, replay.poses, unpack(script["packed"])
    for number, segment in enumerate(script["segments"]):
        assert segment["name"] == skeleton.bodies[number]
        assert segment["mass"] == pytest.approx(skeleton.mass[number])
        assert segment["com"] == pytest.approx(skeleton.com[number], abs=1e-6)
        assert segment["parent"] == skeleton.parent[number]
        assert segment["seen"] == (segment["name"] != HIDDEN)
        group = [name for name, members in GROUPS.items() if segment["name"] in members]
        assert segment["group"] == "".join(group)
        if segment["name"] == MASSLESS:
            assert segment["axes"] == segment["directions"] == []
            continue
        directions = Rotation.from_quat(segment["directions"]).as_matrix()
        squares = directions @ np.diag(np.square(segment["axes"])) @ directions.T
        np.testing.assert_allclose(squares, _squares(replay, number), atol=1e-4)
    flat = numbers["turn"].reshape(-1, 4)
    turns = Rotation.from_quat(flat).as_matrix().reshape(poses.rotation.shape)
    np.testing.assert_allclose(turns, poses.rotation, atol=4 * TURN)
    assert (np.sum(numbers["turn"][1:] * numbers["turn"][:-1], axis=-1) > 0.5).all()
    centres = _centres(replay)
    body = np.average(centres, axis=1, weights=skeleton.mass)
    np.testing.assert_allclose(numbers["place"], body, atol=LENGTH)
    np.testing.assert_allclose(numbers["centre"], centres - body[:, None], atol=LENGTH)
    np.testing.assert_allclose(numbers["plain"] + poses.origin, replay.plain, atol=POINT)
    np.testing.assert_allclose(numbers["marker"] + body[:, None], replay.measured, atol=2 * POINT)
    np.testing.assert_allclose(numbers["force"], replay.curves["force"][1].values, atol=0.26)


def test_a_script_tells_times_markers_and_sides(replay):
    """Every group is on one side of a step; a body without one arm has no push side."""
    script = json.loads(json.dumps(replay_script(replay), allow_nan=False))
    time = script["start"] + script["step"] * np.arange(len(replay.time))
    np.testing.assert_allclose(time, replay.time, atol=1e-9)
    assert [marker["name"] for marker in script["markers"]] == list(replay.markers)
    for marker in script["markers"]:
        segment, position = replay.markers[marker["name"]]
        assert replay.skeleton.bodies[marker["segment"]] == segment
        assert marker["place"] == pytest.approx(position, abs=1e-6)
    for side, opposite in (("left", "right"), ("right", "left")):
        sides = {role: dict(zip(GROUPS, row, strict=True)) for role, row in _roles(script, side)}
        assert sides["swing_side"] == {name: float(name == f"leg_{opposite}") for name in GROUPS}
        assert sides["push_side"] == {name: float(name != f"leg_{opposite}") for name in GROUPS}
    armless = {name: members for name, members in GROUPS.items() if name != "arm_left"}
    cut = replay_script(replace(replay, groups=armless))
    for rows in cut["roles"].values():
        assert rows["push_side"] == []
        assert len(rows["swing_side"]) == len(armless)


def _roles(script: dict, side: str):
    return script["roles"][side].items()


def test_a_script_without_room_for_markers_keeps_all_else(replay, monkeypatch):
    complete = replay_script(replay)
    room = len(complete["packed"]["data"])
    monkeypatch.setattr("aqbio.pages.replay.MAX_BYTES", room)
    assert replay_script(replay) == complete
    monkeypatch.setattr("aqbio.pages.replay.MAX_BYTES", room - 1)
    cut = replay_script(replay)
    assert cut["markers"] == []
    numbers_of_complete, numbers_of_cut = unpack(complete["packed"]), unpack(cut["packed"])
    assert set(numbers_of_complete) - set(numbers_of_cut) == {"marker"}
    assert all(
        np.array_equal(numbers_of_cut[name], numbers_of_complete[name]) for name in numbers_of_cut
    )


def test_spread_is_between_draws_at_every_instant():
    """By the standard library, number for number; the order of the draws does not matter."""
    samples = np.random.default_rng(1).normal(0.0, 1.0, (5, 4, 2, 3))
    sd = spread(samples)
    assert sd.shape == samples.shape[1:]
    for index in np.ndindex(sd.shape):
        assert sd[index] == pytest.approx(statistics.pstdev(samples[(slice(None), *index)]))
    np.testing.assert_allclose(spread(samples[::-1]), sd)


def test_angles_are_flexion_by_joint_and_side():
    """A joint of the middle has no side in its name; one without a sign of flexion is not drawn."""
    coordinates = {
        "knee": {"left": "knee_l", "right": "knee_r"}, "lumbar": {"centre": "extension"},
        "neck": {"centre": "neck"},
    }  # fmt: skip
    mapped = SimpleNamespace(
        sagittal={
            joint: SimpleNamespace(model_dump=lambda names=names: names)
            for joint, names in coordinates.items()
        },
        flexion={"knee": -1, "lumbar": 1},
    )
    q = xr.DataArray(
        np.arange(12.0).reshape(3, 4),
        dims=("time", "coordinate"),
        coords={"coordinate": ["neck", "knee_r", "extension", "knee_l"]},
    )
    names = ("group_angular_momentum", "ground_force", "contact_point", "joint_power")
    levels = xr.Dataset(
        {name: ("time", np.full(3, float(number))) for number, name in enumerate(names)},
        coords={"group": ["a", "b"], "foot": ["left", "right"], "joint": ["knee"]},
    )
    curves = level_curves(mapped, levels, q)
    labels, angles = curves["angle"]
    assert labels == ("knee_left", "knee_right", "lumbar")
    np.testing.assert_array_equal(angles.values, q.values[:, [3, 1, 2]] * [-1.0, -1.0, 1.0])
    for number, name in enumerate(("momentum", "force", "point", "power")):
        assert (curves[name][1].values == number).all()
    assert [curves[name][0] for name in ("momentum", "force", "point", "power")] == [
        ("a", "b"), ("left", "right"), ("left", "right"), ("knee",),
    ]  # fmt: skip


FRAMES = [2, 40, 90]


@pytest.mark.parametrize("stance", ["left", "right"])
def test_the_picture_of_a_contact_is_the_outline_of_every_solid(replay, stance):
    """Second moments seen from the right; the middle of each body over its own name, to scale."""
    picture = ElementTree.fromstring(str(_poses(replay, FRAMES, stance)))
    _, _, width, height = map(float, picture.get("viewBox").split())
    names = {text.text: float(text.get("x")) for text in picture.findall("text")}
    assert list(names) == list(INSTANTS)
    np.testing.assert_allclose(list(names.values()), width * np.array([1, 3, 5]) / 6.0, atol=0.6)
    ground, across = re.fullmatch(r"M0 ([\d.]+)H(\d+)", picture.find("path").get("d")).groups()
    assert (float(across), picture.find("path").get("class")) == (width, "ground")
    assert float(ground) < height
    skeleton, centres = replay.skeleton, _centres(replay)
    visible = [n for n, name in enumerate(skeleton.bodies) if name not in (MASSLESS, HIDDEN)]
    outlines, reach, top = iter(picture.findall("ellipse")), 0.0, 0.0
    flip = PIXELS_PER_M * np.diag([1.0, -1.0])
    for frame, middle in zip(FRAMES, names.values(), strict=True):
        body = np.average(centres[frame], axis=0, weights=skeleton.mass)
        for number in sorted(visible, key=lambda n: centres[frame, n, 2]):
            x, y, degrees, look, half = _ellipse(next(outlines))
            centre = centres[frame, number] - body
            assert x - middle == pytest.approx(PIXELS_PER_M * centre[0], abs=0.11)
            above = PIXELS_PER_M * (centres[frame, number, 1] - GROUND)
            assert float(ground) - y == pytest.approx(above, abs=0.11)
            rotation = replay.poses.rotation[frame, number]
            seen_from_right = (rotation @ _squares(replay, number) @ rotation.T)[:2, :2]
            turn = Rotation.from_euler("z", degrees, degrees=True).as_matrix()[:2, :2]
            outline = turn @ np.diag(half**2) @ turn.T
            size = np.trace(outline)
            np.testing.assert_allclose(outline, flip @ seen_from_right @ flip, atol=0.02 * size)
            assert look == _look(skeleton.bodies[number], stance)
            reach = max(reach, abs(x - middle) + np.sqrt(outline[0, 0]))
            top = max(top, float(ground) - y + np.sqrt(outline[1, 1]))
    assert next(outlines, None) is None
    assert width / 3.0 - 2.0 * reach == pytest.approx(PIXELS_PER_M * POSE_GAP_M, abs=1.0)
    assert 0.0 < float(ground) - top < 0.1 * PIXELS_PER_M


def _ellipse(outline: ElementTree.Element) -> tuple[float, float, float, str, np.ndarray]:
    """Place, turn in degrees, look and half axes of a drawn outline."""
    numbers = re.fullmatch(
        r"translate\((\S+) (\S+)\) rotate\((\S+)\)", outline.get("transform")
    ).groups()
    x, y, degrees = map(float, numbers)
    half = np.array([float(outline.get("rx")), float(outline.get("ry"))])
    return x, y, degrees, outline.get("class"), half


def _look(segment: str, stance: str) -> str:
    group = next((name for name, members in GROUPS.items() if segment in members), "")
    swings = group.startswith("leg_") and group != f"leg_{stance}"
    return ("swing_side" if swings else "push_side") if group else "neither"
