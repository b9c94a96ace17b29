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
from aqbio.prepare.body_labels import BodyLabels, SidedLabel, partners
from aqbio.prepare.label_check import limbs_of, median_positions
from aqbio.prepare.label_faults import (
    LABELS_EXCHANGED,
    LABELS_MOVED,
    OTHER_SIDE,
    with_masked_labels,
)
from aqbio.prepare.notes import Notes
from aqbio.prepare.side_evidence import BodySides
from aqbio.prepare.side_faults import (
    COORDINATES_MIRRORED,
    MIRRORED_OR_EXCHANGED,
    SIDES_EXCHANGED,
    with_resolved_sides,
)
from aqbio.prepare.trial import PreparedTrial, prepare_trial
from aqbio.virtual.recording import VirtualRecording
from tests.lacking.recordings import virtual_take
from tests.lacking.wordings import WORDS, worded_label
from tests.side_alterations import as_proposed, differing, exchange_faults, mirrored

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


def refusal(
    recording: Recording, company: Iterable[Recording] = (), task: str = "run"
) -> AqbioError:
    """Error about the sides of a recording."""
    with pytest.raises(AqbioError) as refused:
        prepared(recording, company, task)
    return refused.value


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
def test_mirrored_coordinates_are_named_and_the_proposal_gives_the_sound_trial(seed):
    """For any negated axis, of markers or of markers and forces, with any labels."""
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
    forces, axis = bool(random.integers(2)), int(random.integers(3))
    altered = mirrored(run, axis, markers=True, forces=forces)
    error = refusal(altered, [mirrored(static, axis, markers=True, forces=True)])
    assert (error.rule, error.proposal) == (COORDINATES_MIRRORED, "mirror")
    assert f"write “{error.proposal}” into column fix" in error.fix
    expected, _ = prepared(run)
    trial, _ = prepared(altered, fix=error.proposal)
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
def test_who_stands_on_a_plate_still_does_so_without_a_mirror(axis, forces):
    static, _ = sound()
    altered = mirrored(static, axis, markers=True, forces=forces)
    assert refusal(altered, task="static").rule == COORDINATES_MIRRORED
    trial, notes = prepared(altered, task="static", fix="mirror")
    [finding] = [x for x in notes.findings if x.rule == COORDINATES_MIRRORED]
    assert finding.severity == "info"
    assert ("coordinates of the markers" in finding.what) == (not forces)
    assert trial.plates.vertical.sum(axis=1).mean() == pytest.approx(740.0, abs=1.0)


@pytest.mark.parametrize("axis", range(3))
def test_a_mirrored_static_trial_has_the_same_sides(axis):
    static, _ = sound()
    altered = mirrored(static, axis, markers=True, forces=True)
    sides = BodySides.of(static, BODY)
    assert sides is not None
    assert not sides.other_side
    count = f"all {sides.sided} sided labels are on the other side of the body: "
    assert refusal(altered, task="static").what.startswith(count)
    trial = Trial(participant_id="P1", trial_id="s", task="static", file="s.c3d", fix="mirror")
    back = with_resolved_sides(altered, trial, BODY, tuple, Notes("s", "P1", "s.c3d", ""))
    assert BodySides.of(back, BODY).parts == pytest.approx(sides.parts)


@pytest.mark.parametrize("fix", ["mirror", "swap"])
def test_a_statement_after_which_all_labels_are_on_the_other_side_is_refused(fix):
    with pytest.raises(AqbioError, match="after which all") as refused:
        prepared(sound()[1], fix=fix)
    assert refused.value.fix == f"take “{fix}” out of column fix of this trial in trials.tsv."


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


@pytest.mark.parametrize("wording", WORDS)
@pytest.mark.parametrize(("writing", "first"), [(0, True), (1, False)])
def test_partners_are_found_in_every_wording(wording, writing, first):
    """Whether words or letters state the side, before or after the name."""
    parts = ("asis", "thigh", "knee_lateral", "knee_medial", "shank", "heel", "mt1", "acromion")
    written = partial(worded_label, wording, writing=writing, first=first)
    pairs = [tuple(written(part, side) for side in SIDES) for part in parts]
    pairs += [(f"{a}{n}", f"{b}{n}") for a, b in pairs[1:2] for n in (2, 3)]
    alone = [written("toe", "left"), written("elbow_lateral", "right")]
    labels = {pair[n]: SidedLabel("leg", side) for pair in pairs for n, side in enumerate(SIDES)}
    labels |= {alone[0]: SidedLabel("leg", "left"), alone[1]: SidedLabel("leg", "right")}
    body = BodyLabels(labels, (), (), ((), ()), ((), ()))
    both_ways = {a: b for pair in pairs for a, b in (pair, pair[::-1])}
    assert partners(list(labels), body) == both_ways


def test_evidence_of_all_kinds_decides_between_a_mirror_and_exchanged_labels():
    """Columns that name the foot tell a mirror; else both are named: this body is symmetrical."""
    static, run = sound()
    few = without(static, lambda label: label not in FEW_LABELS)
    for altered, company, rule, proposal in (
        (mirrored(with_columns(run), 2, markers=True, forces=True), (), COORDINATES_MIRRORED,
         "mirror"),
        (exchanged(with_columns(run)), (), SIDES_EXCHANGED, "swap"),
        (exchanged(run), (few,), MIRRORED_OR_EXCHANGED, ""),
    ):  # fmt: skip
        error = refusal(altered, company)
        assert (error.rule, error.proposal) == (rule, proposal)
        cells = [cell for cell in ("mirror", "swap") if f"write “{cell}” into" in error.fix]
        assert cells == ([proposal] if proposal else ["mirror", "swap"])
    for altered, fix in (
        (exchanged(run), "swap"),
        (without(exchanged(run), WORN["few"]), "swap"),
        (mirrored(run, 0, markers=True, forces=True), "mirror"),
    ):
        corrected, _ = prepared(altered, fix=fix)
        assert [x[0] for x in events(corrected)] == [x[0] for x in events(prepared(run)[0])]


@pytest.mark.parametrize("stride", [1, 2, 4], ids=["200 Hz", "100 Hz", "50 Hz"])
@pytest.mark.parametrize("seed", range(20))
def test_labels_that_change_sides_in_stretches_are_masked_and_their_proposal_undoes_it(
    seed, stride
):
    """Whole limbs, their ends, single labels, with and without gaps: nothing stays exchanged."""
    static, run = sound()
    slow = replace(run, positions=run.positions[::stride], rate=run.rate / stride)
    standing = median_positions(static) if seed % 2 else {}
    random = np.random.default_rng([seed, stride])
    assert exchange_faults(slow, MARKERS, LIMBS, standing, random) == []


def test_a_sound_recording_stays_as_it_is():
    for recording in sound():
        for stride in (1, 2, 4):
            notes = Notes("fast", "P1", "fast.trc", "")
            thinned = Recording(
                recording.labels, recording.positions[::stride], recording.rate / stride
            )
            assert with_masked_labels(thinned, MARKERS, LIMBS, {}, notes) is thinned
            assert notes.findings == []


def check_masked_and_undone(wrong: Recording, standing, labels: set[str]) -> None:
    """What differs from the sound run is masked, and the proposal puts it back."""
    _, run = sound()
    notes = Notes("fast", "P1", "fast.trc", "")
    checked = with_masked_labels(wrong, MARKERS, LIMBS, standing, notes)
    assert not differing(checked, run).any()
    kept = [column for column, label in enumerate(run.labels) if label not in labels]
    np.testing.assert_array_equal(checked.positions[:, kept], run.positions[:, kept])
    assert {finding.rule for finding in notes.findings} == {LABELS_EXCHANGED}
    assert {x for finding in notes.findings for x in finding.label.split(", ")} == labels
    np.testing.assert_array_equal(as_proposed(wrong, notes).positions, run.positions)


LEG = [label for label in MARKERS.markers if MARKERS.markers[label].body in LIMBS["leg"][1]]
MALLEOLI = ("RANL", "RANM")
"""They mirror each other on their segment, so that no distance on it shows their exchange."""

TRUNK = [label for label, marker in MARKERS.markers.items() if marker.body in ("pelvis", "torso")]

PAIRS = [x for x in (*combinations(LEG, 2), *combinations(TRUNK, 2)) if x != MALLEOLI]


@pytest.mark.parametrize("stretch", [slice(None), slice(120, None)], ids=["all", "the end"])
@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_every_pair_of_labels_is_masked_and_its_proposal_undoes_it(pair, stretch):
    """The static trial tells them apart, in whole trials too."""
    static, run = sound()
    columns = [run.labels.index(label) for label in pair]
    wrong = run.positions.copy()
    wrong[stretch, columns] = wrong[stretch, columns[::-1]]
    altered = replace(run, positions=wrong)
    check_masked_and_undone(altered, median_positions(static), {*pair})


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
def test_exchanges_that_end_within_a_segment_are_undone_by_their_proposal(names, stretch, standing):
    """What is left of a segment tells which of its labels are another side's."""
    static, run = sound()
    right = [run.labels.index(f"R{name}") for name in names]
    left = [run.labels.index(f"L{name}") for name in names]
    wrong = run.positions.copy()
    wrong[stretch, [*left, *right]] = run.positions[stretch, [*right, *left]]
    altered = replace(run, positions=wrong)
    labels = {run.labels[column] for column in (*left, *right)}
    check_masked_and_undone(altered, median_positions(static) if standing else {}, labels)


@pytest.mark.parametrize("label", LEG)
@pytest.mark.parametrize(("moved_m", "is_named"), [(0.02, False), (0.06, True)])
def test_a_marker_that_was_put_on_again_is_no_exchange(label, moved_m, is_named):
    """Elsewhere along its segment than in the static trial: far, it is named alone."""
    static, run = sound()
    standing = median_positions(static)
    if label not in standing:
        return
    is_foot = MARKERS.markers[label].body.startswith(("calcn", "foot", "toes"))
    standing[label] = standing[label] + moved_m * np.eye(3)[0 if is_foot else 1]
    notes = Notes("fast", "P1", "fast.trc", "")
    with_masked_labels(run, MARKERS, LIMBS, standing, notes)
    named = [(x.rule, x.label) for x in notes.findings]
    assert named == [(LABELS_MOVED, label)] * is_named


@pytest.mark.parametrize("frames", [[200], [0], [-1], [100, 101]], ids=str)
def test_a_frame_in_which_many_labels_leap_is_corrupt(frames):
    """Labels are shifted by one column; no exchange is inferred from it."""
    static, run = sound()
    positions = run.positions.copy()
    positions[frames] = np.roll(positions[frames], 1, axis=1)
    notes = Notes("fast", "P1", "fast.trc", "")
    altered = replace(run, positions=positions)
    checked = with_masked_labels(altered, MARKERS, LIMBS, median_positions(static), notes)
    [finding] = notes.findings
    assert finding.rule == "frame-corrupt"
    assert "labels leap away in frame" in finding.what or len(frames) > 1
    assert np.isnan(checked.positions[frames]).all()
    rest = np.delete(np.arange(len(positions)), frames)
    np.testing.assert_array_equal(checked.positions[rest], run.positions[rest])


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
        checked = with_masked_labels(recording, MARKERS, LIMBS, standing, notes)
        if not misplaced:
            assert checked is recording
            assert not notes.findings
            continue
        [finding] = notes.findings
        left = [x for x in recording.labels if x in BODY.sided and BODY.sided[x].part == part]
        assert (finding.rule, finding.label) == (OTHER_SIDE, ", ".join(left))
        columns = [recording.labels.index(label) for label in left]
        assert np.isnan(checked.positions[:, columns]).all()
        others = np.delete(np.arange(len(recording.labels)), columns)
        np.testing.assert_array_equal(checked.positions[:, others], recording.positions[:, others])
