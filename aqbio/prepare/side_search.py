"""Mirrored coordinates and exchanged sides of a whole recording: explanations that compete.

A mirror is an isometry: no distance within a body shows it. Right follows from up and ahead; where
every part of a body is on its other side, the coordinates are mirrored or all labels are exchanged.
Where the centres of pressure lie, which way the forces push, force columns named by foot, distances
between labels in other recordings, and how much rarer it is that every single label is wrong than
that one axis is, decide.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from aqbio.config import Trial
from aqbio.errors import AqbioError
from aqbio.io.recording import Recording
from aqbio.names import SIDES
from aqbio.prepare.axes import label_mean
from aqbio.prepare.contacts import MAX_FOOT_DISTANCE_M, NO_FOOT, foot_distance
from aqbio.prepare.corrections import mirrored_forces
from aqbio.prepare.explanations import (
    ALL,
    MIN_LOG_ODDS,
    Candidate,
    Disagreements,
    Explanation,
    Ranking,
    improbability,
    people_scales,
    search,
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
from aqbio.prepare.notes import Notes
from aqbio.prepare.people import of_people
from aqbio.prepare.stated_labels import FIX_UNKNOWN, MIRROR, SWAP
from aqbio.vectors import FloatArray, IntArray, finite_median

COORDINATES_MIRRORED = "coordinates-mirrored"
"""Rule of a recording whose coordinates are left-handed."""

SIDES_EXCHANGED = "sides-exchanged"
"""Rule of a recording with left and right of all labels exchanged; name of that explanation."""

MIRRORED_OR_EXCHANGED = "mirrored-or-exchanged"
"""Rule of a recording that may be mirrored or may have all its labels exchanged."""

SIDES_UNCLEAR = "sides-unclear"
"""Rule of a recording with labels on the other side that neither explains."""

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
        SIDES_EXCHANGED, ALL, rarity, lambda x, _: with_all_exchanged(x, labels), shows=OF_MARKERS
    )


def side_explanations(
    recording: Recording,
    labels: BodyLabels,
    others: OtherRecordings,
    *,
    has_forces: bool,
    standing: bool = False,
) -> Ranking[Recording]:
    """Explanations of the sides of a recording."""
    sides = body_sides(recording, labels)
    if sides is None:
        return Ranking((Explanation((), 0.0),), MIN_LOG_ODDS, explains=True)
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

    return search(recording, evidence.disagreements, candidates, people_scales(np.nan))


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
    """A recording as it is, or as column fix corrects its sides.

    Raises AqbioError where the coordinates are clearly mirrored or all labels exchanged, before or
    after what is stated.
    """
    stated = next((words for words in trial.fixes if words in (SWAP, MIRROR)), "")
    if stated:
        return _as_stated(recording, trial, labels, stated, notes)
    sides = body_sides(recording, labels)
    if sides is None:
        return recording
    standing = trial.task == "static"
    plausible = side_explanations(
        recording, labels, other_recordings, has_forces=True, standing=standing
    ).plausible
    treated = {*map(_treats, plausible)}
    is_clear = frozenset() not in treated and _rights(plausible[0], recording, labels)
    if is_clear or sides.other_side:
        raise _wrong_sides(treated - {frozenset()}, sides, notes)
    if 2 * sides.wrong >= sides.sided:
        notes.add(
            SIDES_UNCLEAR,
            "warning",
            f"{_other_side_count(sides)} of the body; neither mirrored coordinates nor an exchange "
            "of all labels clearly explains that. The recording is used as it is.",
            number=sides.wrong,
            fix="look at left and right of these labels in the capture software.",
        )
    return recording


def _as_stated(
    recording: Recording, trial: Trial, labels: BodyLabels, stated: str, notes: Notes
) -> Recording:
    """A recording with its sides corrected as column fix states it.

    Raises AqbioError where it cannot be done, and where every label is on the other side after it.
    """

    def refusal(what: str, fix: str) -> AqbioError:
        text = f"column fix says “{stated}”, {what}."
        return AqbioError(text, file=notes.file, where="column fix", fix=fix, rule=FIX_UNKNOWN)

    sides = body_sides(recording, labels)
    corrected, rule = with_all_exchanged(recording, labels), SIDES_EXCHANGED
    text = "left and right of all labels are exchanged"
    if stated == MIRROR:
        if sides is None:
            what = "and these labels do not show which way is up and ahead"
            raise refusal(what, "export the recording in right-handed axes.")
        mirror = _best_mirror(recording, labels, sides, standing=trial.task == "static")
        corrected, rule = mirrored_back(recording, sides.axes, mirror), COORDINATES_MIRRORED
        text = f"{_mirror_words(mirror)}; they are mirrored back"
    after = body_sides(corrected, labels)
    if after is not None and after.other_side:
        what = f"after which {_other_side_count(after)} of the body"
        raise refusal(what, f"take “{stated}” out of column fix of this trial in trials.tsv.")
    notes.add(rule, "info", f"{text}, as column fix states.")
    return corrected


def _best_mirror(
    recording: Recording, labels: BodyLabels, sides: BodySides, *, standing: bool
) -> Mirror:
    """The mirror without which markers and forces agree best."""
    evidence = SideEvidence(labels, (), standing=standing)
    scales, observed = people_scales(np.nan), evidence.disagreements(recording)
    candidates = side_candidates(recording, labels, sides, has_forces=True, standing=standing)
    improbabilities = {
        x.fault: x.rarity
        + improbability(evidence.disagreements(x.undo(recording, np.nan)), scales, observed)
        for x in candidates
        if x.fault in MIRROR_OF
    }
    return MIRROR_OF[min(improbabilities, key=lambda name: improbabilities[name])]


def _rights(explanation: SideExplanation, recording: Recording, labels: BodyLabels) -> bool:
    """Tell whether an explanation brings every part of the body on its side."""
    sides = body_sides(explanation.undone(recording), labels)
    return sides is not None and all(gap > -MIN_SIDE_M for gap in sides.parts.values())


def _treats(explanation: SideExplanation) -> frozenset[str]:
    """What an explanation does to markers: mirrors them, exchanges their labels."""
    return frozenset(
        SIDES_EXCHANGED if x.candidate.fault == SIDES_EXCHANGED else "mirrored"
        for x in explanation.suspects
        if x.candidate.shows == OF_MARKERS
    )


def in_right_handed_coordinates(
    recording: Recording, labels: BodyLabels, others: OtherRecordings
) -> Recording:
    """A recording mirrored back where it is more probably mirrored than its labels are exchanged.

    Where labels are exchanged they keep their names: a person has to look at them.
    """
    best = side_explanations(recording, labels, others, has_forces=False).best
    return recording if SIDES_EXCHANGED in _treats(best) else best.undone(recording)


def _wrong_sides(treated: Collection[frozenset[str]], sides: BodySides, notes: Notes) -> AqbioError:
    """Error about mirrored coordinates, exchanged labels, or one of the two."""
    cell = "into column fix of this trial in trials.tsv"
    of_mirror = f"write “{MIRROR}” {cell}, which mirrors the coordinates back"
    of_swap = f"write “{SWAP}” {cell}, which exchanges left and right of all labels"
    what = "the coordinates are mirrored (left-handed export)"
    fix, rule, proposal = of_mirror, COORDINATES_MIRRORED, MIRROR
    if {*treated} == {frozenset({SIDES_EXCHANGED})}:
        what = "left and right of all labels are exchanged"
        fix, rule, proposal = of_swap, SIDES_EXCHANGED, SWAP
    elif frozenset({SIDES_EXCHANGED}) in treated or not treated:
        what = f"either {what}, or left and right of all labels are exchanged"
        fix, rule, proposal = f"{of_mirror}; or {of_swap}", MIRRORED_OR_EXCHANGED, ""
    text = f"{_other_side_count(sides)} of the body: {what}."
    return AqbioError(text, file=notes.file, fix=f"{fix}.", rule=rule, proposal=proposal)


def _other_side_count(sides: BodySides) -> str:
    all_wrong = sides.wrong == sides.sided
    count = f"all {sides.sided}" if all_wrong else f"{sides.wrong} of {sides.sided}"
    return f"{count} sided labels are on the other side"


def _mirror_words(mirror: Mirror) -> str:
    """A mirror in words."""
    words = "the coordinates are mirrored"
    if mirror.forces != ACROSS:
        words = "the coordinates of the markers are mirrored"
    return words if mirror.is_cornered else f"{words}, the corners of plates in their old order"
