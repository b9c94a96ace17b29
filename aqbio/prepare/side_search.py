"""Mirrored coordinates and exchanged sides of a whole recording: explanations that compete.

A mirror is an isometry: no distance within a body shows it. Right follows from up and ahead; where
every part of a body is on its other side, the coordinates are mirrored or all labels are exchanged.
Where the centres of pressure lie, which way the forces push, force columns named by foot, distances
between labels in other recordings, and how much rarer it is that every single label is wrong than
that one axis is, decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from aqbio.config import Trial
from aqbio.errors import AqbioError, Severity
from aqbio.io.recording import Recording
from aqbio.names import SIDES
from aqbio.prepare.axes import label_mean
from aqbio.prepare.contacts import MAX_FOOT_DISTANCE_M, NO_FOOT, foot_distance
from aqbio.prepare.evidence_words import agreement_words
from aqbio.prepare.exchanged_labels import LABELS_RESTORED
from aqbio.prepare.explanations import (
    ALL,
    Candidate,
    Disagreements,
    Explanation,
    Suspect,
    improbability,
    people_scales,
    search,
    undecided,
)
from aqbio.prepare.force_faults import ROWS
from aqbio.prepare.frame_loads import HEAVY_SHARE, TINY_N, FrameLoads, averaged
from aqbio.prepare.handedness import (
    MIN_SIDE_M,
    BodyLabels,
    BodySides,
    OtherRecordings,
    body_sides,
    feet_of_labels,
    label_distances,
    with_all_exchanged,
)
from aqbio.prepare.moved_plates import mirrored_forces
from aqbio.prepare.notes import Notes, considered_rows
from aqbio.prepare.people import of_people
from aqbio.vectors import FloatArray, IntArray, finite_median

COORDINATES_MIRRORED = "coordinates-mirrored"
"""Rule of a recording whose coordinates are left-handed."""

MIRRORED_OR_EXCHANGED = "mirrored-or-exchanged"
"""Rule of a recording that may be mirrored or may have all its labels exchanged."""

SideExplanation = Explanation[Recording]

Signs = tuple[float, float, float]
"""Of coordinates along ahead, up and right of the recorded body."""

SAME: Signs = (1.0, 1.0, 1.0)
ACROSS: Signs = (1.0, 1.0, -1.0)


@dataclass(frozen=True, slots=True)
class Mirror:
    """One way in which an export mirrors the coordinates of markers.

    Across brings them back: ahead and up come from the body.
    """

    name: str
    forces: Signs
    """Signs that bring the forces back."""
    rarity: float
    """Logarithm of how much rarer it is than right-handed coordinates."""
    is_cornered: bool = True
    """The axes of plates come from corners that were mirrored with them."""


MIRRORS = (
    Mirror("mirrored", ACROSS, 4.0),
    Mirror("mirrored-but-corners", ACROSS, 5.5, is_cornered=False),
    Mirror("markers-mirrored-across", SAME, 6.0),
    Mirror("markers-mirrored-along", (-1.0, 1.0, -1.0), 6.0),
    Mirror("markers-mirrored-down", (1.0, -1.0, -1.0), 6.0),
)
"""Ways in which an export mirrors the coordinates of markers: one axis of everything, or theirs. Of
forces alone it is for the search over forces."""

MIRROR_OF = {mirror.name: mirror for mirror in MIRRORS}

FORCES_ON_PLATES = "plates-action"
"""Explanation that the file holds what the runner does to the plates, which the search over forces
undoes: here it competes only."""

ON_PLATES_RARITY = 3.0

EXCHANGED = "sides-exchanged"
"""Explanation that left and right of all labels are exchanged."""

EXCHANGED_RARITY, LEGS_EXCHANGED_RARITY = 8.0, 5.0
"""Logarithm of how much rarer it is that left and right of every label are exchanged, and of all
where only legs have labels: those are often exchanged."""

STANDING_SHARE = of_people("load of a standing foot").middle
"""Share of the largest force of all plates from which one bears a foot of somebody who stands."""

BESIDE_FEET_M = of_people("pressure beside a standing foot").error
"""Pressure farther from the feet of somebody who stands is not theirs, wherever it is, m."""

ONE_FILE_RARER = 3.0
"""Logarithm of how much rarer it is that one file of several is mirrored than that all are."""

OF_MARKERS = frozenset({"sides", "lengths"})
OF_FORCES = frozenset({"under foot", "pull", "lean"})
"""OF_MARKERS, OF_FORCES: Redundancies in which explanations of markers, and of forces, show."""


def mirrored_back(recording: Recording, axes: FloatArray, mirror: Mirror) -> Recording:
    """A recording without a mirror; ``axes`` (3, 3): rows ahead, up and right."""
    markers, plates = (axes.T @ np.diag(signs) @ axes for signs in (ACROSS, mirror.forces))
    forces = recording.forces
    if forces is not None and mirror.forces != SAME:
        forces = mirrored_forces(forces, plates, turned=mirror.is_cornered)
    return replace(recording, positions=recording.positions @ markers, forces=forces)


@dataclass(frozen=True, eq=False)
class SideEvidence:
    """What a recording states twice about its sides, and about where its forces are."""

    labels: BodyLabels
    others: tuple[Recording, ...] = ()
    """Recordings of the person whose sides are right."""
    has_forces: bool = True
    """Forces are evidence."""
    standing: bool = False
    """Of somebody who stands, maybe beside the plates, their place alone is."""

    @classmethod
    def of(
        cls,
        recording: Recording,
        labels: BodyLabels,
        others: OtherRecordings,
        *,
        has_forces: bool,
        standing: bool = False,
    ) -> SideEvidence:
        """Evidence of a recording.

        The person's other ones are read only where every part of it is on its other side.
        """
        sides = body_sides(recording, labels)
        is_other = sides is not None and bool(sides.other_side)
        right = tuple(_right_ones(others(), labels)) if is_other else ()
        return cls(labels, right, has_forces, standing)

    def disagreements(self, recording: Recording) -> Disagreements:
        """Sizes of disagreement; empty where up and ahead are not known."""
        sides = body_sides(recording, self.labels)
        if sides is None:
            return {}
        sizes = {"sides": [max(-gap, 0.0) for gap in sides.parts.values()]}
        if self.others:
            lengths = [label_distances(recording, other, self.labels) for other in self.others]
            sizes["lengths"] = [length for length in lengths if np.isfinite(length)]
        known = {name: np.array(values) for name, values in sizes.items() if values}
        if self.has_forces and recording.forces is not None:
            return known | dict(self._of_forces(recording, sides.axes))
        return known

    def _of_forces(self, recording: Recording, axes: FloatArray) -> Disagreements:
        """Disagreements in axes ahead, up and right of the body, as those of ground axes."""
        assert recording.forces is not None
        forces = averaged(recording.forces.rotated(axes))
        feet = feet_of_labels(recording, self.labels) @ axes.T
        if len(feet) < 2 or not len(forces.numbers):
            return {}
        pelvis = label_mean(recording, (*self.labels.front, *self.labels.back) or self.labels.hips)
        loads = FrameLoads.of(forces, np.arange(len(feet)) / recording.rate)
        share = loads.share
        if self.standing:  # a plate that is never unloaded bears somebody
            size = np.linalg.norm(loads.smooth[..., :3], axis=2)
            share = size / max(float(size.max(initial=0.0)), TINY_N)
        frame, plate = np.nonzero(share > (STANDING_SHARE if self.standing else HEAVY_SHARE))
        force, (pressure, _) = loads.smooth[frame, plate, :3], loads.pressure(frame, plate)
        named = np.array([SIDES.index(x) if x else NO_FOOT for x in forces.feet], int)[plate]
        distance = foot_distance(feet[frame], pressure)
        seen = np.isfinite(distance).all(axis=1)
        distance, named = distance[seen], named[seen]
        under_foot = finite_median(distance.min(axis=1))
        if self.standing:  # beside the plates, however far, is one and the same
            beside = np.array([min(under_foot, BESIDE_FEET_M)])
            return {"under foot": beside} if np.isfinite(under_foot) else {}
        vertical = force[:, 1]
        sizes = {
            "under foot": under_foot,
            "named feet": _named_otherwise(distance, named),
            "pull": -float(vertical[vertical < 0.0].sum() / max(np.abs(vertical).sum(), TINY_N)),
            "lean": 1.0 - _correlation(force, (pelvis @ axes.T)[frame] - pressure),
        }
        return {name: np.array([size]) for name, size in sizes.items() if np.isfinite(size)}


def _named_otherwise(distance: FloatArray, named: IntArray) -> float:
    """Share of loads (N,) nearer to the other foot than to the named one; NaN if none is told.

    By distances (N, 2), m, of their centres of pressure from both feet.
    """
    nearest = distance.min(axis=1)
    told = (named != NO_FOOT) & (nearest < MAX_FOOT_DISTANCE_M)
    of_named = distance[told, named[told]]
    return float((of_named > nearest[told]).mean()) if told.any() else float("nan")


def _correlation(force: FloatArray, arm: FloatArray) -> float:
    """Correlation of horizontal forces (N, 3) with the way from the pressure to the pelvis (N, 3).

    Legs push along their length, at the hips above.
    """
    finite = np.isfinite(arm).all(axis=1)
    push, arm = force[finite][:, [0, 2]], arm[finite][:, [0, 2]]
    size = float(np.sqrt((push**2).sum() * (arm**2).sum()))
    return float((push * arm).sum()) / size if size > 0.0 else float("nan")


def side_candidates(
    recording: Recording,
    labels: BodyLabels,
    sides: BodySides,
    *,
    has_forces: bool,
    standing: bool = False,
    are_others_right: bool = False,
) -> Iterator[Candidate[Recording]]:
    """Explanations of a recording by mirrors, and by labels that are exchanged.

    A laboratory's axes are those of all its files: where others of the person are right, that one
    alone is mirrored is rarer.
    """
    rarer = ONE_FILE_RARER if are_others_right else 0.0
    forces = recording.forces if has_forces else None
    for mirror in MIRRORS:
        if forces is None and mirror.forces != ACROSS:
            continue
        if not mirror.is_cornered and (forces is None or np.isnan(forces.corners).all()):
            continue  # the same as with corners

        def undo(recorded: Recording, _: float, mirror: Mirror = mirror) -> Recording:
            return mirrored_back(recorded, sides.axes, mirror)

        yield Candidate(mirror.name, ALL, mirror.rarity + rarer, undo, shows=OF_MARKERS)
    if forces is not None and not standing:
        every = np.ones(len(forces.numbers), np.bool_)

        def reacting(recorded: Recording, size: float) -> Recording:
            assert recorded.forces is not None
            undone = ROWS[FORCES_ON_PLATES].undo(recorded.forces, every, size)
            return replace(recorded, forces=undone)

        yield Candidate(FORCES_ON_PLATES, ALL, ON_PLATES_RARITY, reacting, shows=OF_FORCES)
    rarity = EXCHANGED_RARITY if sides.whole_body else LEGS_EXCHANGED_RARITY
    yield Candidate(
        EXCHANGED, ALL, rarity, lambda x, _: with_all_exchanged(x, labels), shows=OF_MARKERS
    )


def side_explanations(
    recording: Recording,
    labels: BodyLabels,
    others: OtherRecordings,
    *,
    has_forces: bool,
    standing: bool = False,
    stated: str = "",
) -> list[SideExplanation]:
    """Explanations of the sides of a recording, the accepted one first; or those ``stated``."""
    sides = body_sides(recording, labels)
    if sides is None:
        return [Explanation((), 0.0)]
    evidence = SideEvidence.of(recording, labels, others, has_forces=has_forces, standing=standing)

    def candidates(recorded: Recording) -> Iterator[Candidate[Recording]]:
        # the axes stay: no explanation changes where ahead and up are
        return side_candidates(
            recorded,
            labels,
            sides,
            has_forces=has_forces,
            standing=standing,
            are_others_right=bool(evidence.others),
        )

    scales = people_scales(np.nan)
    if not stated:
        return search(recording, evidence.disagreements, candidates, scales)
    if 2 * sides.wrong < sides.sided:
        return [Explanation((), 0.0)]  # what is stated is not so
    observed = evidence.disagreements(recording)
    explanations = [
        Explanation(
            (Suspect(x, np.nan, np.nan),),
            x.rarity
            + improbability(evidence.disagreements(x.undo(recording, np.nan)), scales, observed),
        )
        for x in candidates(recording)
        if x.shows == OF_MARKERS and (stated == "swap") == (x.fault == EXCHANGED)
    ]
    sound: SideExplanation = Explanation((), improbability(observed, scales))
    return [*sorted(explanations, key=lambda x: x.improbability), sound]


def _right_ones(others: Iterable[Recording], labels: BodyLabels) -> Iterator[Recording]:
    """Recordings whose parts are on their sides."""
    for other in others:
        sides = body_sides(other, labels)
        if sides is not None and not sides.other_side:
            yield other


def with_resolved_sides(
    recording: Recording,
    trial: Trial,
    labels: BodyLabels,
    other_recordings: OtherRecordings,
    notes: Notes,
) -> Recording:
    """A recording in right-handed coordinates, its labels on their sides.

    Raises AqbioError where coordinates may be mirrored or all labels exchanged, and where most
    labels are on the other side and neither brings all of them on theirs.
    """
    sides = body_sides(recording, labels)
    if sides is None:
        return recording
    stated = next((words for words in trial.fixes if words in ("swap", "mirror")), "")
    standing = trial.task == "static"
    explanations = side_explanations(
        recording, labels, other_recordings, has_forces=True, standing=standing, stated=stated
    )
    evidence = SideEvidence(labels, (), standing=standing)
    _note_considered(recording, evidence, explanations, notes, stated=bool(stated))
    best = explanations[0]
    mostly_wrong = 2 * sides.wrong >= sides.sided
    is_unsolved = mostly_wrong and not _rights(best, recording, labels)
    if not stated and (is_unsolved or undecided_sides(explanations)):
        raise _undecided_error(sides, notes)
    names = {x.candidate.fault for x in best.suspects}
    for name in names & {*MIRROR_OF}:
        _note_mirror(MIRROR_OF[name], recording, sides, notes)
    if EXCHANGED in names:
        text = f"left and right of all {sides.sided} sided labels are exchanged"
        text += ", as the sheet says." if stated else ". They are put back."
        severity: Severity = "info" if stated else "warning"
        notes.add(LABELS_RESTORED, severity, text, number=sides.sided)
    undone = [x for x in best.suspects if x.candidate.fault != FORCES_ON_PLATES]
    return Explanation((*undone,), 0.0).undone(recording)


def _rights(explanation: SideExplanation, recording: Recording, labels: BodyLabels) -> bool:
    """Tell whether an explanation brings every part of the body on its side."""
    sides = body_sides(explanation.undone(recording), labels)
    return sides is not None and all(gap > -MIN_SIDE_M for gap in sides.parts.values())


def undecided_sides(explanations: Sequence[SideExplanation]) -> list[SideExplanation]:
    """Mirrored coordinates and exchanged labels where they are not told apart; otherwise none."""
    near = undecided(explanations)
    treated = {*map(_treats, near)}
    return near if len(treated) > 1 and frozenset({EXCHANGED}) in treated else []


def _treats(explanation: SideExplanation) -> frozenset[str]:
    """What an explanation does to markers: mirrors them, exchanges their labels."""
    return frozenset(
        EXCHANGED if x.candidate.fault == EXCHANGED else "mirrored"
        for x in explanation.suspects
        if x.candidate.shows == OF_MARKERS
    )


def in_right_handed_coordinates(
    recording: Recording, labels: BodyLabels, others: OtherRecordings
) -> Recording:
    """A recording mirrored back where it is more probably mirrored than its labels are exchanged.

    Where labels are exchanged they keep their names: a person has to look at them.
    """
    explanations = side_explanations(recording, labels, others, has_forces=False)
    if EXCHANGED in _treats(explanations[0]):
        return recording
    mirrored = (x for x in explanations if EXCHANGED not in _treats(x))
    return min(mirrored, key=lambda x: x.improbability).undone(recording)


def _undecided_error(sides: BodySides, notes: Notes) -> AqbioError:
    """Error that names both possibilities."""
    return AqbioError(
        f"{_other_side_count(sides)} of the body: either the coordinates are mirrored "
        "(left-handed export), or left and right of all labels are exchanged; force columns, "
        "distances between labels in other trials and the number of labels do not decide which.",
        file=notes.file,
        fix="write mirror (turns the coordinates back) or swap (exchanges the labels) into the "
        "column fix of this trial in trials.tsv.",
        rule=MIRRORED_OR_EXCHANGED,
    )


def _other_side_count(sides: BodySides) -> str:
    all_wrong = sides.wrong == sides.sided
    count = f"all {sides.sided}" if all_wrong else f"{sides.wrong} of {sides.sided}"
    return f"{count} sided labels are on the other side"


def _note_considered(
    recording: Recording,
    evidence: SideEvidence,
    explanations: Sequence[SideExplanation],
    notes: Notes,
    *,
    stated: bool,
) -> None:
    """Note explanations of the sides that came near, where any but sound did.

    What is done to forces on the plates is the search's over forces.
    """
    of_sides = [
        x for x in explanations if all(y.candidate.fault != FORCES_ON_PLATES for y in x.suspects)
    ]
    if not any(x.suspects for x in of_sides):
        return
    near = [] if stated else undecided(explanations)
    is_open = len({_treats(x) for x in near if x in of_sides}) > 1
    scales, observed = people_scales(np.nan), evidence.disagreements(recording)

    def agreement(*suspects: Suspect[Recording]) -> str:
        undone = Explanation(suspects, 0.0).undone(recording)
        return agreement_words(observed, evidence.disagreements(undone), scales)

    rows = considered_rows(
        "sides", of_sides, near if is_open else (), agreement=agreement,
        faults_words=lambda suspects: " and ".join(map(_in_words, suspects)),
    )  # fmt: skip
    listed = [*rows]
    if any(row.fault for row in listed):
        notes.considered.extend(listed)


def _in_words(suspect: Suspect[Recording]) -> str:
    """An explanation of sides in words."""
    if suspect.candidate.fault == EXCHANGED:
        return "left and right of all labels are exchanged"
    mirror = MIRROR_OF[suspect.candidate.fault]
    words = "the coordinates are mirrored"
    if mirror.forces != ACROSS:
        words = "the coordinates of the markers are mirrored"
    return words if mirror.is_cornered else f"{words}, the corners of plates in their old order"


def _note_mirror(mirror: Mirror, recording: Recording, sides: BodySides, notes: Notes) -> None:
    """Say what was mirrored and is mirrored back."""
    text = f"{_other_side_count(sides)}: the coordinates are mirrored (left-handed export)"
    if mirror.forces != ACROSS:
        text += ", those of the forces are not. The markers are mirrored back."
    else:
        text += ". They are mirrored back across the sagittal plane"
        text += "." if recording.forces is None else ", markers and forces."
    notes.add(
        COORDINATES_MIRRORED, "warning", text, number=sides.wrong,
        fix="export markers and forces in the same right-handed axes; if instead somebody "
        "exchanged left and right of all labels, write swap into the column fix of this trial in "
        "trials.tsv.",
    )  # fmt: skip
