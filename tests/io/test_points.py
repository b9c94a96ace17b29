"""Points of a file that are markers: duplicates of a label, values of models, and neither."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqbio.errors import AqbioError
from aqbio.io.c3d import read_c3d
from aqbio.io.movement import MAX_MARKER_ACCELERATION_M_S2
from aqbio.io.points import LINK_NOISE_M, VALUE_NAME, joined_path, markers_of, named_points
from aqbio.io.recording import Recording, marked_missing
from aqbio.io.trial_files import _without_held, read_recording
from aqbio.labels.by_name import landmark_table
from tests.io.made_c3d import write_c3d

RATE, FRAMES, MARKERS = 200.0, 120, 14
LABELS = [f"M{number}" for number in range(MARKERS)]


def body(seed: int, speed: float) -> np.ndarray:
    """A body of four rigid parts that swing while it travels, (T, M, 3) m."""
    random = np.random.default_rng(seed)
    time = np.arange(FRAMES) / RATE
    part = np.arange(MARKERS) % 4
    home = np.array([[0.0, 0.0, 1.0], [0.0, 0.2, 0.5], [0.0, -0.2, 0.5], [0.0, 0.0, 1.5]])[part]
    offset = random.uniform(-0.12, 0.12, (MARKERS, 3))
    phase = random.uniform(0.0, 2.0 * np.pi, 4)[part]
    swing = 0.3 * np.sin(2.0 * np.pi * 1.5 * time[:, None] + phase)
    positions = np.zeros((FRAMES, MARKERS, 3)) + home + offset
    positions[..., 0] += swing + speed * time[:, None]
    return positions


def read(labels: list[str], positions: np.ndarray):
    points = named_points(labels, frozenset(), "a.c3d")
    return markers_of(points, marked_missing(positions[:, points.index]), RATE, "a.c3d")


given_body = given(seed=st.integers(0, 10_000), speed=st.floats(0.0, 9.5), data=st.data())


@settings(max_examples=40, deadline=None)
@given_body
def test_parts_of_one_path_are_joined_exactly(seed, speed, data):
    """For any cuts and gaps, and in any order of the points in the file."""
    positions = body(seed, speed)
    marker = data.draw(st.integers(0, MARKERS - 1))
    cuts = sorted(data.draw(st.sets(st.integers(10, FRAMES - 10), min_size=1, max_size=3)))
    gap = data.draw(st.integers(0, 6))
    edges = [0, *cuts, FRAMES]
    parts = []
    for start, stop in pairwise(edges):
        part = np.full((FRAMES, 3), np.nan)
        last = max(stop - gap * (stop < FRAMES), start + 1)
        part[start:last] = positions[start:last, marker]
        parts.append(part)
    other_markers = [index for index in range(MARKERS) if index != marker]
    paths = [*(positions[:, index] for index in other_markers), *parts]
    names = [*(LABELS[index] for index in other_markers), *[LABELS[marker]] * len(parts)]
    order = data.draw(st.permutations(range(len(names))))
    recording = read(
        [names[index] for index in order], np.stack([paths[index] for index in order], axis=1)
    )
    assert sorted(recording.labels) == sorted(LABELS)
    path = recording.positions[:, recording.labels.index(LABELS[marker])]
    visible = np.isfinite(path).all(axis=1)
    assert visible.sum() == sum(int(np.isfinite(part).all(axis=1).sum()) for part in parts)
    np.testing.assert_array_equal(path[visible], positions[visible, marker])
    assert [finding.rule for finding in recording.findings] == ["markers-joined"]


@given(
    st.integers(1, 12), st.floats(0.0, 9.5), st.sampled_from([100.0, 250.0]),
    st.sampled_from([0.95, 1.05]),
)  # fmt: skip
def test_parts_are_joined_as_far_as_a_body_accelerates(gap, speed, rate, share):
    """Noise and ½ a t² from one part to the next, whatever the speed.

    The next part is the mirror image in the plane of three markers, at the same distances of them.
    """
    elapsed, time = gap / rate, np.arange(60) / rate
    reach = LINK_NOISE_M + 0.5 * MAX_MARKER_ACCELERATION_M_S2 * elapsed**2
    markers = np.array([[0.0, 0.0, 0.0], [0.1, 0.0, 0.0], [0.0, 0.1, 0.0]])
    parts = np.array([[0.03, 0.03, -0.5], [0.03, 0.03, 0.5]]) * [1.0, 1.0, share * reach]
    travel = np.zeros((len(time), 1, 3))
    travel[..., 0] = speed * time[:, None]
    paths = parts + travel
    paths[24:, 0] = paths[: 23 + gap, 1] = np.nan
    joined = joined_path(paths, markers + travel, rate)
    assert (joined is not None) == (share < 1.0)


@settings(max_examples=40, deadline=None)
@given_body
def test_two_markers_with_one_label_are_named_and_not_used(seed, speed, data):
    """Seen together, or one after the other on another part of the body."""
    positions = body(seed, speed)
    first, second = data.draw(st.permutations(range(MARKERS)))[:2]
    cut = data.draw(st.integers(10, FRAMES - 10))
    if data.draw(st.booleans()):
        positions[cut:, first] = positions[:cut, second] = np.nan
        distance = np.linalg.norm(
            body(seed, speed)[:, first] - body(seed, speed)[:, second], axis=1
        )
        if distance.min() < 0.15:  # so near, two markers on one part may pass for one
            return
    names = [LABELS[first] if index == second else LABELS[index] for index in range(MARKERS)]
    recording = read(names, positions)
    assert LABELS[first] not in recording.labels
    assert len(recording.labels) == MARKERS - 2
    (finding,) = recording.findings
    assert finding.rule == "markers-twice"
    assert LABELS[first] in finding.what


@settings(max_examples=40, deadline=None)
@given_body
def test_values_of_models_leave_the_markers_as_they_are(seed, speed, data):
    """Moments and forces under any name, outside every group of the file."""
    positions = body(seed, speed) + np.array([5.0, 3.0, 0.0])
    count = data.draw(st.integers(1, MARKERS // 2 - 1))
    size = data.draw(st.floats(20.0, 900.0))
    random = np.random.default_rng(seed)
    values = size * np.abs(random.normal(1.0, 0.2, (FRAMES, count, 3)))
    labels = [*LABELS, *(f"value{number}" for number in range(count))]
    recording = read(labels, np.concatenate([positions, values], axis=1))
    assert recording.labels == tuple(LABELS)
    np.testing.assert_array_equal(recording.positions, positions)
    assert [finding.rule for finding in recording.findings] == ["points-away"]


OUTPUTS = ("LHipAngles", "thighMag", "R_knee_moment", "LGroundReactionForce", "RAnklePower_CGM2.4")


@pytest.mark.parametrize("grouped", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_a_body_with_values_of_a_model_is_not_flat(tmp_path, seed, grouped):
    """Listed by the file or known by their names alone; positions of one video are flat."""
    random = np.random.default_rng(seed)
    body_positions = body(seed, 3.0)
    values = random.normal(0.0, [199.0, 1.0, 0.05], (FRAMES, len(OUTPUTS), 3))
    labels = [f"N{name}" for name in LABELS] + list(
        OUTPUTS if not grouped else [f"V{name}" for name in range(len(OUTPUTS))]
    )
    groups = {"STRANGE": labels[MARKERS:]} if grouped else {}
    for name, positions in (("deep", body_positions), ("flat", body_positions * [1.0, 0.0, 1.0])):
        points = 1e3 * np.concatenate([positions, values], axis=1)
        file = write_c3d(tmp_path / f"{name}.c3d", labels, points, groups=groups)
        if name == "flat":
            with pytest.raises(AqbioError, match="one video"):
                read_recording(file)
        else:
            assert read_recording(file).labels == tuple(labels[:MARKERS])


def test_no_landmark_has_the_name_of_a_value():
    names = {name for entry in landmark_table().landmarks.values() for name in entry.names}
    shapes = {form for name in names for form in (name, name.upper(), name.title(), f"R{name}")}
    assert {
        name_of_landmark for name_of_landmark in shapes if VALUE_NAME.search(name_of_landmark)
    } == set()


@pytest.mark.case
def test_halves_of_a_heel_are_the_heel(cases):
    """Of a sprint whose RHEEL stands twice, against the same sprint with one path of it."""
    split, sound = (
        read_c3d(cases / case / "recordings" / "sprint.c3d")
        for case in ("c3d_duplicate_label_split", "c3d_one_plate_dead")
    )
    assert sorted(split.labels) == sorted(sound.labels)
    paths = [
        recording.positions[:, recording.labels.index("RHEEL")] for recording in (split, sound)
    ]
    np.testing.assert_array_equal(*paths)


@given(
    st.integers(0, 10_000), st.floats(6.0, 9.5), st.integers(0, MARKERS - 1),
    st.integers(10, 60), st.integers(12, 30),
)  # fmt: skip
def test_positions_that_were_held_are_missing_and_named(seed, speed, marker, start, count):
    """In these frames, counted from 1, of this marker; all else stays as it is."""
    positions = body(seed, speed)
    positions[start : start + count, marker] = positions[start, marker]
    recording = _without_held(Recording(tuple(LABELS), positions, RATE), "a.trc")
    missing = np.isnan(recording.positions).any(axis=2)
    assert np.argwhere(missing).tolist() == [[at, marker] for at in range(start, start + count)]
    np.testing.assert_array_equal(recording.positions[~missing], positions[~missing])
    (finding,) = recording.findings
    assert (finding.rule, finding.label) == ("marker-held", LABELS[marker])
    assert finding.where == f"frames {start + 1} to {start + count}"
    assert finding.number == count


BODY_LABELS = [f"{side}{name}" for side in "LR" for name in ("HEE", "TOE", "ANK", "KNE", "ASI")]


@pytest.mark.parametrize(
    ("raw", "labels"),
    [
        (["C7", "Left:HEEL", "Right:HEEL", "Right:TOE"], ["C7", "L_HEEL", "R_HEEL", "R_TOE"]),
        (["HEEL:L", "HEEL:R", "TOE:L", "TOE:R"], ["L_HEEL", "R_HEEL", "L_TOE", "R_TOE"]),
        (["Jane:Left:HEEL", "Jane:Right:HEEL", "Jane:C7"], ["L_HEEL", "R_HEEL", "C7"]),
        (["L:HEEL", "R Leg:HEEL", "L_Leg:KNEE"], ["L_HEEL", "R_HEEL", "L_KNEE"]),
        (
            ["LeftFoot:1", "LeftShank:1", "RightFoot:1", "RightShank:1", "Pelvis:1"],
            ["L_Foot_1", "L_Shank_1", "R_Foot_1", "R_Shank_1", "Pelvis_1"],
        ),
        (["Jane:LHEE", "Jane:RHEE", "Left:LTOE"], ["LHEE", "RHEE", "LTOE"]),
        (["Jane:HEEL", "Joe:HEEL", "Jane:TOE"], ["HEEL", "HEEL", "TOE"]),
    ],
)
def test_what_only_a_prefix_tells_is_kept_and_names_of_persons_are_not(raw, labels):
    points = named_points(raw, frozenset(), "a.c3d")
    assert list(points.labels) == labels
    kept = sum(label != name.rsplit(":", 1)[-1] for label, name in zip(labels, raw, strict=True))
    numbers = {finding.rule: finding.number for finding in points.findings}
    assert numbers.get("labels-told-by-prefix", 0) == kept
    assert numbers.get("labels-prefix", 0) == sum(":" in label for label in raw) - kept


@pytest.mark.parametrize("separator", [":", ":Left:"])
def test_two_subjects_in_one_file_are_refused_without_their_names(separator):
    raw = [f"{subject}{separator}{label}" for subject in ("Jane", "Joe") for label in BODY_LABELS]
    with pytest.raises(AqbioError, match="10 labels stand under 2 prefixes") as refusal:
        named_points([*raw, "Jane:C7", "Jane:C7"], frozenset(), "a.c3d")
    assert refusal.value.rule == "labels-subjects"
    fix = "export each subject to a file of its own; write left and right for sides."
    assert refusal.value.fix == fix
    assert "Jane" not in str(refusal.value)
