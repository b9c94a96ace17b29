"""Laboratory axes and labels: what a recording shows of them, whatever they are called."""

from __future__ import annotations

from itertools import combinations, permutations, product

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aqbio.config import MarkerSet
from aqbio.intake.labelled_recordings import proposed_set
from aqbio.intake.models import chosen_model
from aqbio.io.recording import Recording
from aqbio.labels.geometry import (
    EXACT,
    TOO_FAR,
    computed_points,
    placement,
)
from aqbio.recordings.axes import (
    Clues,
    detected_axes,
    displacement,
    pelvis_paths,
)
from aqbio.recordings.label_check import (
    SegmentDistances,
    _note_swap,
    exchanged_positions,
    swapped_labels,
)
from aqbio.recordings.notes import Notes

# axes --------------------------------------------------------------------------------------------

UNKNOWN = np.full(3, np.nan)


def laboratories():
    """All 24 right-handed ways to lay axes into a room."""
    signed = (
        np.eye(3)[list(order)] * np.array(signs)[:, None]
        for order, signs in product(permutations(range(3)), product((1.0, -1.0), repeat=3))
    )
    return [one for one in signed if np.linalg.det(one) > 0]


@pytest.mark.parametrize("travel", [(11.8, 0.1, -0.5), (0.1, 0.0, 0.05)])
def test_every_laboratory_is_recognised(travel):
    """On a runway from the path, on a treadmill from the pelvis's orientation; else doubted."""
    for to_ground in laboratories():
        seen = [(-0.05, 0.9, 0.02), (0.15, 0.03, 0.01), travel]
        plates = [(0.0, 1.0, 0.01), (80.0, 900.0, 30.0)]
        body, facing, path = (to_ground.T @ np.array(one) for one in seen)
        normal, force = (np.abs(to_ground.T @ np.array(one)) for one in plates)
        found = detected_axes(Clues(body, facing, path, normal, force))
        np.testing.assert_array_equal(found.matrix, to_ground)
        assert not found.doubts
        if travel[0] > 1.0:
            tilted = Clues(body, -facing, path, to_ground.T @ np.array([1.0, 0.0, 0.1]), force)
            doubts = " ".join(detected_axes(tilted).doubts)
            assert "normals lie along" in doubts
            assert "faces the other way" in doubts


@pytest.mark.parametrize(
    ("body", "facing", "travel", "message"),
    [
        (UNKNOWN, [1, 0, 0], [10, 0, 0], "pelvis and foot markers are not seen"),
        ([0.6, 0.0, 0.7], [1, 0, 0], [10, 0, 0], "not clearly above the feet"),
        ([0, 0, 0.9], [0.1, 0, 0], [7, 7, 0], "moves diagonally"),
        ([0, 0, 0.9], UNKNOWN, [0.1, 0, 0], "its markers are missing"),
    ],
)
def test_what_cannot_be_told_is_said(body, facing, travel, message):
    with pytest.raises(ValueError, match=message):
        detected_axes(Clues(np.array(body), np.array(facing), np.array(travel), UNKNOWN, UNKNOWN))


def test_displacement_ignores_missing_frames_and_noise():
    rng = np.random.default_rng(7)
    path = np.outer(np.linspace(0, 1, 200), [12.0, 0.0, 1.0]) + rng.normal(0, 1e-3, (200, 3))
    path[:20] = np.nan
    seen = (199 - 20) / 199 * np.array([12.0, 0.0, 1.0])
    # the difference of two means of nine samples each
    np.testing.assert_allclose(displacement(path), seen, atol=5e-3 * np.sqrt(2 / 9))


# label geometry ----------------------------------------------------------------------------------

SIDED = {
    "asis": (0.10, 1.00, 0.12), "psis": (-0.08, 1.03, 0.05), "knee": (0.01, 0.52, 0.16),
    "knee_medial": (0.01, 0.52, 0.06), "ankle": (-0.02, 0.09, 0.14), "heel": (-0.08, 0.05, 0.10),
    "mt1": (0.12, 0.06, 0.07), "mt5": (0.08, 0.04, 0.16), "toe": (0.19, 0.03, 0.10),
    "shoulder": (-0.02, 1.48, 0.19), "elbow": (-0.02, 1.16, 0.24), "wrist": (0.02, 0.90, 0.24),
}  # fmt: skip
MIDDLE = {"c7": (-0.10, 1.52, 0.0), "chest": (0.09, 1.30, 0.0)}
TEMPLATE = np.array(
    [(x, y, side * z) for x, y, z in SIDED.values() for side in (1, -1)] + list(MIDDLE.values())
)
CLOSE = 0.02


def _worn(rng, scale=1.08):
    """A person of another size, each marker up to 2 cm off, in an order of its own."""
    places = scale * TEMPLATE + CLOSE * rng.uniform(-1, 1, TEMPLATE.shape)
    order = rng.permutation(len(places))
    return places[order], np.argsort(order)


@pytest.mark.parametrize("seed", range(4))
def test_any_axes_and_any_heading(seed):
    rng = np.random.default_rng(seed)
    worn, expected = _worn(rng)
    yaw = Rotation.from_rotvec([0, rng.uniform(0, 2 * np.pi), 0]).as_matrix()
    axes = np.eye(3)[list(list(permutations(range(3)))[seed + 1])]
    axes[0] *= np.linalg.det(axes)  # another laboratory, not its mirror image
    found = placement(worn @ yaw.T @ axes.T + [3.0, -2.0, 5.0], [TEMPLATE])
    np.testing.assert_array_equal(found.marker, expected)
    assert np.nanmax(found.distance) < 2.5 * np.sqrt(3) * CLOSE


def test_left_is_not_taken_for_right():
    """Mirror images have other owners: a template is turned, never mirrored."""
    worn, expected = _worn(np.random.default_rng(9))
    mirrored = worn * [1, 1, -1]
    found = placement(mirrored, [TEMPLATE])
    swapped = expected.copy()
    swapped[:24] = expected[:24].reshape(-1, 2)[:, ::-1].ravel()
    np.testing.assert_array_equal(found.marker, swapped)


def test_what_is_no_person_finds_no_place():
    rng = np.random.default_rng(0)
    assert placement(rng.uniform(0, 0.3, (30, 3)), [TEMPLATE]) is None
    wall = np.array(list(product(np.linspace(0, 6, 5), np.linspace(0, 6, 5), [0.0])))
    found = placement(wall, [TEMPLATE])
    assert found is None or found.cost > 0.5 * TOO_FAR


AXES = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])


@pytest.mark.parametrize(("share", "rigid"), [(0.9, True), (1.2, False)])
def test_ends_of_axes_keep_equal_distances_exactly(share, rigid):
    """Three points of which one leaves the others by a share of what counts as exact."""
    time = np.linspace(0.0, 1.0, 200)
    turn = Rotation.from_rotvec(np.outer(time, [0.3, 1.0, 0.2]))
    tips = np.repeat(np.eye(3)[None], len(time), axis=0) * 0.1
    away = np.array([2.0, -1.0, -1.0]) / np.sqrt(6.0)  # √3/2 of it along each of two sides
    tips[:, 0] += np.outer(share * EXACT / np.sqrt(0.75) * time, away)
    points = np.stack([turn.apply(one) for one in np.moveaxis(tips, 1, 0)], axis=1)
    assert computed_points(points) == ({0, 1, 2} if rigid else set())


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("form", ["origin", "growing", "equal", "called axes"])
@pytest.mark.parametrize("digit", [1e-7, 1e-5, 5e-5])
def test_axes_and_middles_that_other_software_computed(seed, form, digit):
    """Beside markers on skin, a cluster that software made rigid, and a straight wand."""
    random = np.random.default_rng(seed)
    time = np.linspace(0.0, 1.0, 200)
    turn = Rotation.from_rotvec(np.outer(np.sin(5.0 * time), random.normal(size=3)))
    place = np.outer(5.0 * time, [1.0, 0.0, 0.0]) + random.uniform(-1.0, 1.0, 3)

    def worn(local):
        return place[:, None] + np.stack([turn.apply(one) for one in local], axis=1)

    lengths = random.uniform(0.05, 0.2, 3) if form != "equal" else np.full(3, 0.11)
    grow = 1.0 + 0.02 * np.sin(9.0 * time) if form == "growing" else np.ones(len(time))
    tip = grow[:, None, None] * (worn(AXES * [[0.0], *lengths[:, None]]) - place[:, None])
    tip = (tip + place[:, None])[:, 1 if form in ("equal", "called axes") else 0 :]
    skin = worn(random.uniform(-0.2, 0.2, (6, 3))) + random.normal(0.0, 1e-3, (200, 6, 3))
    wand = np.linspace([0.1, 0.2, 0.0], [0.3, 0.1, 0.1], 3)
    rigid = worn(np.concatenate((random.uniform(-0.2, 0.2, (5, 3)), wand)))
    share = random.uniform(0.2, 0.8)
    middle = share * skin[:, :1] + (1.0 - share) * skin[:, 1:2]
    points = np.round(np.concatenate((tip, middle, skin, rigid), axis=1) / digit) * digit
    called = {frozenset(range(3))} if form == "called axes" else set()
    assert computed_points(points, called) == set(range(tip.shape[1] + 1))


# label swaps -------------------------------------------------------------------------------------

THIGH = {
    "knee": (0.0, 0.0, 0.0), "distal": (0.05, 0.09, 0.012), "proximal": (0.03, 0.17, 0.02),
    "side": (-0.04, 0.12, 0.06),
}  # fmt: skip
SHANK = {"ankle": (0.0, -0.40, 0.0), "front": (0.05, -0.2, 0.01), "outside": (0.0, -0.25, 0.05)}
WORN = (*THIGH, *SHANK)
WORN_AT = {label: np.array(at) for label, at in (THIGH | SHANK).items()}
SEGMENTS = dict.fromkeys(THIGH, "thigh") | dict.fromkeys(SHANK, "shank")


def _trial():
    """A thigh and a shank that turn, each by itself, with skin that moves by 4 mm."""
    angle = np.linspace(0.0, 1.5, 200)
    about = {"thigh": angle[:, None] * [0.0, 0.0, 1.0], "shank": angle[:, None] * [0.0, 0.0, 1.7]}
    at = np.stack(
        [Rotation.from_rotvec(about[SEGMENTS[one]]).apply(WORN_AT[one]) for one in WORN], axis=1
    )
    skin = 0.004 * np.random.default_rng(1).standard_normal(at.shape)
    return at + skin + angle[:, None, None] * [9.0, 0.0, 0.0]


@pytest.mark.parametrize("first", [0, 120])
@pytest.mark.parametrize("pair", [*combinations(range(len(WORN)), 2), (), "moved"])
def test_every_pair_is_found_and_put_right(pair, first):
    """From the beginning or in the middle; a marker that was put on again 30 mm away is none."""
    right = _trial()
    wrong = right.copy()
    if pair == "moved":
        wrong[first:, WORN.index("front")] += [0.0, 0.03, 0.0]
    elif pair:
        wrong[first:, pair] = right[first:, pair[::-1]]
    swaps = swapped_labels(SegmentDistances.of(WORN, wrong, WORN_AT, SEGMENTS))
    if pair in ((), "moved"):
        assert swaps == []
        return
    [swap] = swaps
    assert {swap.first, swap.second} == {WORN[one] for one in pair}
    np.testing.assert_array_equal(np.flatnonzero(swap.frames), np.arange(first, 200))
    np.testing.assert_array_equal(exchanged_positions(WORN, wrong, swaps), right)
    sizes = [_misfit(at[first:], pair) for at in (wrong, right)]
    np.testing.assert_allclose([swap.before, swap.after], sizes)
    notes = Notes("fast", "P1", "a.trc", "")
    _note_swap(swap, notes, accepted=False)
    [found] = notes.findings
    np.testing.assert_allclose([found.number, found.limit], 1e3 * np.array(sizes))
    assert found.where == ("" if first == 0 else "frames 121 to 200")


def _misfit(at, pair):
    """Root mean square difference of the distances of two labels from their peers, m."""
    off = [
        np.linalg.norm(at[:, one] - at[:, peer], axis=1)
        - np.linalg.norm(WORN_AT[WORN[one]] - WORN_AT[WORN[peer]])
        for one in pair
        for peer in range(len(WORN))
        if SEGMENTS[WORN[peer]] == SEGMENTS[WORN[one]] and peer not in pair
    ]
    return np.sqrt(np.mean(np.square(off)))


@pytest.mark.parametrize("pair", [*combinations(range(len(THIGH)), 2)])
@pytest.mark.parametrize("first", [40, 160])
def test_two_pairs_are_put_right_the_larger_repair_first(pair, first):
    """Of a thigh in all frames, and of a shank beside it from a frame on."""
    right = _trial()
    wrong = right.copy()
    wrong[:, pair] = right[:, pair[::-1]]
    wrong[first:, [4, 5]] = right[first:, [5, 4]]
    swaps = swapped_labels(SegmentDistances.of(WORN, wrong, WORN_AT, SEGMENTS))
    repairs = [np.count_nonzero(one.frames) * (one.before - one.after) for one in swaps]
    assert repairs == sorted(repairs, reverse=True)
    assert {frozenset((one.first, one.second)) for one in swaps} == {
        frozenset(WORN[one] for one in pair), frozenset(WORN[4:6]),
    }  # fmt: skip
    np.testing.assert_array_equal(exchanged_positions(WORN, wrong, swaps), right)


def test_what_distances_cannot_show_is_not_guessed():
    """Two markers that mirror each other keep all distances."""
    twins = {"a": np.array([0.0, 0.1, 0.1]), "b": np.array([0.0, 0.1, -0.1]), "c": np.zeros(3)}
    positions = np.broadcast_to(np.array(list(twins.values()))[[1, 0, 2]], (50, 3, 3))
    distances = SegmentDistances.of(tuple(twins), positions, twins, dict.fromkeys(twins, "pelvis"))
    assert swapped_labels(distances) == []


# video pelvis ------------------------------------------------------------------------------------

LABELS = ("RHip", "LHip", "RHeel", "RBigToe", "LHeel", "LBigToe")
PLACES = np.array([[0, 0.9, 1], [0, 0.9, -1], [-1, 0, 1], [1, 0, 1], [-1, 0, -1], [1, 0, -1]]) * (
    0.1, 1.0, 0.1,
)  # fmt: skip
SET = proposed_set("video", [], [(*LABELS, "RKnee", "LKnee")], chosen_model(None)).marker_set


@pytest.mark.parametrize("labels", [LABELS, ("LHip", "RHip", *LABELS[2:])])
@pytest.mark.parametrize("angle", [0.0, 1.0, 2.5])
def test_hips_face_as_the_toes_are_ahead(labels, angle):
    """Along any heading; exchanged hips face backwards by themselves."""
    turn = Rotation.from_euler("y", angle)
    recording = Recording(labels, np.repeat(turn.apply(PLACES)[None], 5, axis=0), 100.0)
    path, facing = pelvis_paths(recording, SET)
    np.testing.assert_allclose(path, [[0.0, 0.9, 0.0]] * 5, atol=1e-12)
    np.testing.assert_allclose(facing, [turn.apply([0.2, 0.0, 0.0])] * 5, atol=1e-12)


def test_a_pelvis_needs_spines_or_both_hips():
    with pytest.raises(ValueError, match="give labels in front and behind, or those of both hips"):
        MarkerSet.model_validate({**SET.model_dump(), "pelvis": {"front": ["RHip"]}})
