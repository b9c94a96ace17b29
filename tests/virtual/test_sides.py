"""Sides of labels: mirrored coordinates, exchanged labels, exchanges in stretches of frames.

Every alteration is drawn by a seed; the unaltered recording is the truth. A mirror keeps all
distances, so that contacts, forces on the feet and free moments are those of the sound recording.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache, partial
from itertools import combinations

import numpy as np
import pytest

from aqbio.config import MarkerSet, ModelMap, Trial, read_yaml
from aqbio.config.settings import Laboratory, Prepare
from aqbio.errors import AqbioError
from aqbio.force_plates.forces import PlateWrench
from aqbio.io.recording import ForceRecording, Recording
from aqbio.io.study import MODELS
from aqbio.names import SIDES
from aqbio.prepare.exchanges import with_restored_labels
from aqbio.prepare.force_faults import ROWS
from aqbio.prepare.handedness import BodyLabels, SidedLabel, body_sides, partners
from aqbio.prepare.label_check import limbs_of, median_positions
from aqbio.prepare.notes import Notes
from aqbio.prepare.side_search import (
    COORDINATES_MIRRORED,
    MIRRORED_OR_EXCHANGED,
    with_resolved_sides,
)
from aqbio.prepare.trial import PreparedTrial, prepare_trial
from aqbio.virtual.recording import VirtualRecording
from tests.lacking.languages import foreign_label
from tests.lacking.recordings import virtual_take
from tests.side_alterations import left_exchanged, mirrored

pytestmark = pytest.mark.opensim

MARKERS = read_yaml(MODELS / "sprint" / "markers.yaml", MarkerSet)
LIMBS = limbs_of(read_yaml(MODELS / "sprint" / "map.yaml", ModelMap))
BODY = BodyLabels.of_marker_set(MARKERS, LIMBS)
LEVEL = 3


def recording_of(take: VirtualRecording) -> Recording:
    """A virtual recording as a reader gives it, 0.4 m beside the laboratory's axis."""
    offset = np.array([0.0, 0.0, 0.4])
    corners = take.corners + offset
    plates = range(len(corners))
    forces = ForceRecording(
        PlateWrench(take.force, take.moment, corners.mean(axis=1)), corners, take.force_rate, 0.0,
        tuple(f"plate {plate}" for plate in plates), tuple(plate + 1 for plate in plates),
        ("",) * len(corners),
    )  # fmt: skip
    return Recording(tuple(take.labels), take.markers + offset, take.marker_rate, forces)


@lru_cache(maxsize=1)
def sound() -> tuple[Recording, Recording]:
    """Static trial and run of a virtual sprinter."""
    static, run = map(recording_of, virtual_take("V06", LEVEL, 0))
    return static, run


def without(recording: Recording, hidden: Callable[[str], bool]) -> Recording:
    """The recording without some labels."""
    shown = [index for index, label in enumerate(recording.labels) if not hidden(label)]
    labels = tuple(recording.labels[index] for index in shown)
    return replace(recording, labels=labels, positions=recording.positions[:, shown])


def prepared(
    recording: Recording,
    company: Iterable[Recording] = (),
    task: str = "run",
    fix: str | None = None,
) -> tuple[PreparedTrial, Notes]:
    trial = Trial(participant_id="P1", trial_id="fast", task=task, file="fast.c3d", fix=fix)
    notes = Notes("fast", "P1", "fast.c3d", "fast.c3d")
    resolved = with_resolved_sides(recording, trial, BODY, lambda: company, notes)
    return prepare_trial(resolved, trial, MARKERS, Laboratory(), Prepare(), notes), notes


def rules(notes: Notes) -> list[str]:
    return [finding.rule for finding in notes.findings]


def events(trial: PreparedTrial) -> list[tuple[str, float, float]]:
    """Foot, touchdown and toe-off of every contact; what is not known is -1."""
    times = [(contact.foot, contact.touchdown, contact.toe_off) for contact in trial.contacts]
    return [(SIDES[foot], *np.nan_to_num((start, stop), nan=-1.0)) for foot, start, stop in times]


ARMS = ("arm", "torso")
FEW_LABELS = ("RASI", "LASI", "RPSI", "LPSI", "RHEE", "LHEE", "RTOE", "LTOE", "RKNL", "LKNL")
WORN: dict[str, Callable[[str], bool]] = {
    "all": lambda label: False,
    "no arms": lambda label: label in BODY.sided and BODY.sided[label].part.startswith(ARMS),
    "few": lambda label: label in BODY.sided and label not in FEW_LABELS,
}
"""Labels that are hidden."""


@pytest.mark.parametrize("seed", range(24))
def test_mirrored_coordinates_give_the_sound_trial(seed):
    """For any negated axis, of markers, of forces or of both, with any labels."""
    random = np.random.default_rng(seed)
    static, run = sound()
    hidden = WORN[str(random.choice(list(WORN)))]
    static, run = without(static, hidden), without(run, hidden)
    kind = seed % 5
    if kind == 3:  # columns of OpenSim, without corners
        assert run.forces is not None
        bare = np.full_like(run.forces.corners, np.nan)
        run = replace(run, forces=replace(run.forces, corners=bare))
    elif kind == 4:
        run = replace(run, forces=None)
    markers, forces = [(True, True), (True, False), (False, True)][int(random.integers(3))]
    axis = int(random.choice([0, 2] if not markers else [0, 1, 2]))
    altered = mirrored(run, axis, markers=markers or kind == 4, forces=forces)
    expected, before = prepared(run, [static])
    trial, notes = prepared(altered, [mirrored(static, axis, markers=True, forces=True)])
    way = {0: "forces-mirrored-along", 2: "forces-mirrored"}.get(axis, "")
    rule = COORDINATES_MIRRORED if markers or kind == 4 else way
    assert rule not in rules(before)
    if kind == 3 and forces and not markers and rule not in rules(notes):
        # without moments and a body, both signs of one axis may be wrong as well
        [finding] = [x for x in notes.findings if x.rule == "forces-undecided"]
        assert ROWS[rule].words in finding.what
        return
    assert rule in rules(notes)
    assert len(events(trial)) == len(events(expected)) > 1
    for mine, theirs in zip(events(trial), events(expected), strict=True):
        assert mine[0] == theirs[0]
        assert mine[1:] == pytest.approx(theirs[1:], abs=1e-6)
    if expected.loads is not None:
        assert trial.loads is not None
        rotated = trial.loads.force * np.array([-1.0, 1.0, -1.0])
        distances = [
            np.abs(force - expected.loads.force).max() for force in (trial.loads.force, rotated)
        ]
        assert min(distances) < 1e-6
        moments = trial.loads.free_moment, expected.loads.free_moment
        np.testing.assert_allclose(*moments, atol=1e-6)


@pytest.mark.parametrize("axis", [0, 2])
@pytest.mark.parametrize("forces", [True, False], ids=["all mirrored", "markers mirrored"])
@pytest.mark.parametrize("beside_m", [0.0, 3.0], ids=["on a plate", "beside it"])
def test_who_stands_on_a_plate_still_does_so_without_a_mirror(axis, forces, beside_m):
    """Of markers alone, or of both; beside the plates it is taken as one of both."""
    static, _ = sound()
    static = replace(static, positions=static.positions + np.array([0.0, 0.0, beside_m]))
    trial, notes = prepared(mirrored(static, axis, markers=True, forces=forces), task="static")
    [finding] = [x for x in notes.findings if x.rule == COORDINATES_MIRRORED]
    assert ("those of the forces are not" in finding.what) == (not forces and not beside_m)
    if not beside_m:
        assert trial.plates.vertical.sum(axis=1).mean() == pytest.approx(740.0, abs=1.0)


@pytest.mark.parametrize("axis", range(3))
def test_a_mirrored_static_trial_has_the_same_sides(axis):
    static, _ = sound()
    altered = mirrored(static, axis, markers=True, forces=True)
    _, notes = prepared(altered, task="static")
    [sentence] = [
        finding.what for finding in notes.findings if finding.rule == COORDINATES_MIRRORED
    ]
    sides = body_sides(static, BODY)
    assert sides is not None
    assert not sides.other_side
    assert sentence.startswith(f"all {sides.sided} sided labels are on the other side: the ")
    trial = Trial(participant_id="P1", trial_id="s", task="static", file="s.c3d")
    back = body_sides(
        with_resolved_sides(altered, trial, BODY, tuple, Notes("s", "P1", "s.c3d", "")), BODY
    )
    assert back is not None
    assert back.parts == pytest.approx(sides.parts)


def exchanged(recording: Recording) -> Recording:
    """Left and right of every label exchanged."""
    pairs = partners([label for label in recording.labels if label in BODY.sided], BODY)
    order = [recording.labels.index(pairs.get(label, label)) for label in recording.labels]
    return replace(recording, positions=recording.positions[:, order])


def with_columns(recording: Recording) -> Recording:
    """Forces of each foot in columns of their own, named by foot as the sound trial has them."""
    truth, _ = prepared(sound()[1])
    assert recording.forces is not None
    assert truth.loads is not None
    feet = ["" for _ in recording.forces.feet]
    for contact in truth.loads.contacts:
        for plate in contact.plates:
            feet[plate] = SIDES[contact.foot]
    return replace(recording, forces=replace(recording.forces, feet=tuple(feet)))


@pytest.mark.parametrize("language", ["german", "french", "spanish", "italian", "japanese"])
@pytest.mark.parametrize(("writing", "first"), [(0, True), (1, False)])
def test_partners_are_found_in_every_language(language, writing, first):
    """Whatever words mean left and right; exchanged legs were put back in English alone."""
    parts = ("asis", "thigh", "knee_lateral", "knee_medial", "shank", "heel", "mt1", "acromion")
    written = partial(foreign_label, language, writing=writing, first=first)
    pairs = [tuple(written(part, side) for side in SIDES) for part in parts]
    pairs += [(f"{a}{n}", f"{b}{n}") for a, b in pairs[1:2] for n in (2, 3)]
    alone = [written("toe", "left"), written("elbow_lateral", "right")]
    labels = {pair[n]: SidedLabel("leg", side) for pair in pairs for n, side in enumerate(SIDES)}
    labels |= {alone[0]: SidedLabel("leg", "left"), alone[1]: SidedLabel("leg", "right")}
    body = BodyLabels(labels, (), (), ((), ()), ((), ()))
    both_ways = {a: b for pair in pairs for a, b in (pair, pair[::-1])}
    assert partners(list(labels), body) == both_ways


def test_evidence_of_all_kinds_decides_between_a_mirror_and_exchanged_labels():
    """Columns that name the foot, distances in another trial, or neither: then the axes."""
    static, run = sound()
    with_feet = with_columns(run)
    prepared(mirrored(with_feet, 2, markers=True, forces=True))
    for altered, company in (
        (exchanged(with_feet), ()),  # columns name the other foot
        (
            exchanged(run),
            (without(static, lambda label: label not in FEW_LABELS),),
        ),  # nothing decides
    ):
        with pytest.raises(AqbioError) as refused:
            prepared(altered, company)
        assert refused.value.rule == MIRRORED_OR_EXCHANGED
        for words in ("the coordinates are mirrored", "left and right of all labels are exchanged"):
            assert words in str(refused.value)
        swapped, _ = prepared(altered, company, fix="swap")
        assert events(swapped) == events(prepared(run)[0])
    few = without(exchanged(run), WORN["few"])
    swapped, _ = prepared(few, fix="swap")
    assert [event[0] for event in events(swapped)] == [
        event[0] for event in events(prepared(run)[0])
    ]
    back, _ = prepared(mirrored(run, 0, markers=True, forces=True), fix="mirror")
    assert [event[0] for event in events(back)] == [event[0] for event in events(prepared(run)[0])]


@pytest.mark.parametrize("stride", [1, 2, 4], ids=["200 Hz", "100 Hz", "50 Hz"])
@pytest.mark.parametrize("seed", range(20))
def test_labels_that_change_sides_in_stretches_are_put_back_or_masked(seed, stride):
    """Whole limbs, their ends, single labels, with and without gaps: nothing stays exchanged."""
    static, run = sound()
    slow = replace(run, positions=run.positions[::stride], rate=run.rate / stride)
    standing = median_positions(static) if seed % 2 else {}
    random = np.random.default_rng([seed, stride])
    assert left_exchanged(slow, MARKERS, LIMBS, standing, random) == []


def test_a_sound_recording_stays_as_it_is():
    for recording in sound():
        for stride in (1, 2, 4):
            notes = Notes("fast", "P1", "fast.trc", "")
            thinned = Recording(
                recording.labels, recording.positions[::stride], recording.rate / stride
            )
            assert with_restored_labels(thinned, MARKERS, LIMBS, {}, notes) is thinned
            assert notes.findings == []


LEG = [label for label in MARKERS.markers if MARKERS.markers[label].body in LIMBS["leg"][1]]
MALLEOLI = ("RANL", "RANM")
"""They mirror each other on their segment, so that no distance on it shows their exchange."""

TRUNK = [label for label, marker in MARKERS.markers.items() if marker.body in ("pelvis", "torso")]

PAIRS = [x for x in (*combinations(LEG, 2), *combinations(TRUNK, 2)) if x != MALLEOLI]


@pytest.mark.parametrize("stretch", [slice(None), slice(120, None)], ids=["all", "the end"])
@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_every_pair_of_labels_is_put_back(pair, stretch):
    """The static trial tells them apart, in whole trials too."""
    static, run = sound()
    columns = [run.labels.index(label) for label in pair]
    wrong = run.positions.copy()
    wrong[stretch, columns] = wrong[stretch, columns[::-1]]
    altered, notes = replace(run, positions=wrong), Notes("fast", "P1", "fast.trc", "")
    back = with_restored_labels(altered, MARKERS, LIMBS, median_positions(static), notes)
    np.testing.assert_array_equal(back.positions, run.positions)
    [finding] = notes.findings
    assert {*finding.label.split(", ")} == {*pair}


RAGGED = {
    "feet and malleoli": ("HEE", "MT5", "MT1", "TOE", "ANL", "ANM"),
    "feet but for a toe": ("HEE", "MT1", "TOE"),
    "feet and malleoli but for a toe": ("HEE", "MT1", "TOE", "ANL", "ANM"),
    "shanks from half way": ("SH2", "ANL", "ANM", "HEE", "MT5", "MT1", "TOE"),
    "forearms and one epicondyle": ("ELM", "FA1", "WRA", "WRB"),
}
"""Labels of both sides, which end within a segment."""


@pytest.mark.parametrize("standing", [True, False], ids=["static", "no static"])
@pytest.mark.parametrize("stretch", [slice(None), slice(120, None)], ids=["all", "the end"])
@pytest.mark.parametrize("names", RAGGED.values(), ids=RAGGED)
def test_exchanges_that_end_within_a_segment_are_put_back(names, stretch, standing):
    """What is left of a segment tells which of its labels are another side's."""
    static, run = sound()
    right = [run.labels.index(f"R{name}") for name in names]
    left = [run.labels.index(f"L{name}") for name in names]
    wrong = run.positions.copy()
    wrong[stretch, [*left, *right]] = run.positions[stretch, [*right, *left]]
    altered, notes = replace(run, positions=wrong), Notes("fast", "P1", "fast.trc", "")
    positions = median_positions(static) if standing else {}
    back = with_restored_labels(altered, MARKERS, LIMBS, positions, notes)
    np.testing.assert_array_equal(back.positions, run.positions)
    named = {label for finding in notes.findings for label in finding.label.split(", ")}
    assert named == {run.labels[column] for column in (*left, *right)}


@pytest.mark.parametrize("label", LEG)
def test_a_marker_that_was_put_on_again_is_no_exchange(label):
    """30 mm from where the static trial has it."""
    static, run = sound()
    standing = median_positions(static)
    if label in standing:
        standing[label] = standing[label] + np.array([0.0, 0.03, 0.0])
    notes = Notes("fast", "P1", "fast.trc", "")
    assert with_restored_labels(run, MARKERS, LIMBS, standing, notes) is run


def of_one_side(recording: Recording, part: str, *, misplaced: bool) -> Recording:
    """The recording without right labels of a part; the left ones on the right if misplaced."""
    worn = [x for x in recording.labels if x in BODY.sided and BODY.sided[x].part == part]
    partner = partners([x for x in recording.labels if x in BODY.sided], BODY)
    right = {x for x in worn if BODY.sided[x].side == "right"}
    columns = [
        recording.labels.index(partner.get(x, x) if misplaced and x in worn else x)
        for x in recording.labels
        if x not in right
    ]
    labels = tuple(x for x in recording.labels if x not in right)
    return replace(recording, labels=labels, positions=recording.positions[:, columns])


LIMB_PARTS = sorted({x.part for x in BODY.sided.values() if x.part.startswith(("leg", "arm"))})


@pytest.mark.parametrize("misplaced", [False, True])
@pytest.mark.parametrize("part", LIMB_PARTS)
def test_labels_of_one_side_alone_that_lie_on_the_other_are_not_used(part, misplaced):
    """Of a run and of a person who stands, with and without a static trial."""
    static, run = (of_one_side(x, part, misplaced=misplaced) for x in sound())
    for recording, standing in ((run, median_positions(static)), (run, {}), (static, {})):
        notes = Notes("fast", "P1", "fast.c3d", "fast.c3d")
        checked = with_restored_labels(recording, MARKERS, LIMBS, standing, notes)
        if not misplaced:
            assert checked is recording
            assert not notes.findings
            continue
        [finding], [row] = notes.findings, notes.considered
        left = [x for x in recording.labels if x in BODY.sided and BODY.sided[x].part == part]
        assert (finding.rule, finding.label) == ("labels-other-side", ", ".join(left))
        assert (row.about, row.fault, row.verdict) == ("labels", "labels-other-side", "accepted")
        assert row.log_odds > 100.0
        columns = [recording.labels.index(label) for label in left]
        assert np.isnan(checked.positions[:, columns]).all()
        others = np.delete(np.arange(len(recording.labels)), columns)
        np.testing.assert_array_equal(checked.positions[:, others], recording.positions[:, others])


def test_what_was_considered_of_labels_is_listed_with_what_speaks_for_it():
    """Legs in some frames, and arms in others: one explanation of two faults."""
    static, run = sound()
    positions = run.positions.copy()
    for limb, start, stop in (("leg", 40, 120), ("arm", 180, 220)):
        worn = [x for x in run.labels if x in BODY.sided and BODY.sided[x].part.startswith(limb)]
        for pair in partners(worn, BODY).items():
            if pair[0] < pair[1]:
                continue
            columns = [run.labels.index(label) for label in pair]
            positions[start:stop, columns] = positions[start:stop, columns[::-1]]
    altered = replace(run, positions=positions)
    notes = Notes("fast", "P1", "fast.c3d", "fast.c3d")
    with_restored_labels(altered, MARKERS, LIMBS, median_positions(static), notes)
    [row] = notes.considered
    assert (row.about, row.rank, row.verdict) == ("labels", 1, "accepted")
    assert row.fault == "labels-exchanged; labels-exchanged"
    assert "left and right leg are exchanged from frame 41 to 120" in row.explanation
    assert "left and right arm are exchanged from frame 181 to 220" in row.explanation
    assert row.log_odds > 1000.0
    assert row.evidence.startswith("as recorded, distances from other labels are off by ")


@pytest.mark.parametrize("both", [True, False])
def test_what_was_considered_of_sides_is_listed(both):
    """Mirrored markers and forces, or mirrored markers alone; nothing of a sound run."""
    static, run = sound()
    _, notes = prepared(run, [static])
    assert [x for x in notes.considered if x.about == "sides"] == []
    _, notes = prepared(mirrored(run, 2, markers=True, forces=both), [static])
    first, *_ = of_sides = [x for x in notes.considered if x.about == "sides"]
    assert [x.rank for x in of_sides] == [*range(1, len(of_sides) + 1)]
    fault = "mirrored" if both else "markers-mirrored-across"
    assert (first.fault, first.verdict) == (fault, "accepted")
    assert first.log_odds > 3.0
    assert first.evidence.startswith("as recorded, ")
