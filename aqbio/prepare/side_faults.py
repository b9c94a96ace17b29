"""Mirrored coordinates and exchanged sides of a whole recording: explanations that compete.

A mirror is an isometry: no distance within a body shows it. Right follows from up and ahead; where
every part of a body is on its other side, the coordinates are mirrored or all labels are exchanged.
Where the centres of pressure lie, which way the forces push, force columns named by foot, distances
between labels in other recordings, and how much rarer it is that every single label is wrong than
that one axis is, decide.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from aqbio.config import Trial
from aqbio.errors import AqbioError
from aqbio.io.recording import Recording
from aqbio.names import SIDES
from aqbio.prepare.axes import label_mean
from aqbio.prepare.body_labels import BodyLabels, body_axes, partners
from aqbio.prepare.contacts import MAX_FOOT_DISTANCE_M, NO_FOOT, foot_distance
from aqbio.prepare.corrections import mirrored_forces
from aqbio.prepare.explanations import (
    ALL,
    MIN_LOG_ODDS,
    Candidate,
    Disagreements,
    Explanation,
    Ranking,
    people_scales,
    search,
)
from aqbio.prepare.frame_loads import HEAVY_SHARE, TINY_N, FrameLoads, averaged
from aqbio.prepare.notes import Notes
from aqbio.prepare.people import of_people
from aqbio.prepare.stated_labels import FIX_UNKNOWN, MIRROR, SWAP
from aqbio.vectors import FloatArray, finite_means, finite_median

COORDINATES_MIRRORED = "coordinates-mirrored"
"""Rule of a recording whose coordinates are left-handed."""

SIDES_EXCHANGED = "sides-exchanged"
"""Rule of a recording with left and right of all labels exchanged; name of that explanation."""

MIRRORED_OR_EXCHANGED = "mirrored-or-exchanged"
"""Rule of a recording that may be mirrored or may have all its labels exchanged."""

SIDES_UNCLEAR = "sides-unclear"
"""Rule of a recording with labels on the other side that neither explains."""

OtherRecordings = Callable[[], Iterable[Recording]]
"""Function that reads the other recordings of a person."""

MIN_OTHER_SIDE_SHARE = 0.9
"""Share of the sided labels that must be on the other side, each part of the body as a whole too:
0 in JA1, Rajagopal's and Hamner's recordings, 0.98 to 1 in their mirrored copies."""

MIN_SIDE_M = 0.01
"""Smallest distance between the left and the right of a part that shows its side, m: the feet of
sprinters are at least 3 cm apart, on average over a run."""

MIN_OFFSET_M = 0.03
"""Smallest sideways distance from its partner of a label on its correct side, m: the first
metatarsals of JA1's sprint are 2 cm on the wrong side of each other, as feet cross."""

UPPER_PARTS = ("pelvis", "torso", "head", "arm", "upper_arm", "forearm")
"""Legs alone are often exchanged; with one of these on the other side as well, a whole body is."""

Signs = tuple[float, float, float]
"""Of coordinates along ahead, up and right of the recorded body."""

ACROSS: Signs = (1.0, 1.0, -1.0)


@dataclass(frozen=True, slots=True)
class Mirror:
    """One way in which an export mirrors the coordinates of markers.

    Across brings them back: ahead and up come from the body.
    """

    forces: Signs
    """Signs that bring the forces back."""
    rarity: float
    """Logarithm of how much rarer it is than right-handed coordinates."""
    is_cornered: bool = True
    """The axes of plates come from corners that were mirrored with them."""


MIRRORS = {
    "mirrored": Mirror(ACROSS, 4.0),
    "mirrored-but-corners": Mirror(ACROSS, 5.5, is_cornered=False),
    "markers-mirrored-across": Mirror((1.0, 1.0, 1.0), 6.0),
    "markers-mirrored-along": Mirror((-1.0, 1.0, -1.0), 6.0),
    "markers-mirrored-down": Mirror((1.0, -1.0, -1.0), 6.0),
}
"""Ways in which an export mirrors the coordinates of markers: one axis of everything, or theirs. Of
forces alone it is for the search over forces."""

EXCHANGED_RARITY, LEGS_EXCHANGED_RARITY = 8.0, 5.0
"""Logarithm of how much rarer it is that left and right of every label are exchanged, and of all
where only legs have labels: those are often exchanged."""

ONE_FILE_RARER = 3.0
"""Logarithm of how much rarer it is that one file of several is mirrored than that all are."""

STANDING_SHARE = of_people("load of a standing foot").middle
"""Share of the largest force of all plates from which one bears a foot of somebody who stands."""

BESIDE_FEET_M = of_people("pressure beside a standing foot").error
"""Pressure farther from the feet of somebody who stands is not theirs, wherever it is, m."""


@dataclass(frozen=True, eq=False)
class BodySides:
    """Sides of the labels of a recording, derived from up and ahead."""

    axes: FloatArray
    """(3, 3) array. Rows: ahead, up and right in laboratory axes, each along one of them."""
    sided: int
    """Visible labels with a side."""
    wrong: int
    """Those of them on the other side of the body."""
    parts: Mapping[str, float]
    """Distance, m, by which the right of each part is to the right of its left."""

    @classmethod
    def of(cls, recording: Recording, labels: BodyLabels) -> BodySides | None:
        """Measure the sides of a recording's labels; None if up and ahead are not determined."""
        axes = body_axes(recording, labels)
        if axes is None:
            return None
        across = recording.positions @ axes[2]
        worn = [x for x in recording.labels if x in labels.sided]
        lateral = {x: across[:, recording.labels.index(x)] for x in worn}
        lateral = {x: path for x, path in lateral.items() if np.isfinite(path).any()}
        partner, parts, offsets = partners(worn, labels), dict[str, float](), list[float]()
        for part in dict.fromkeys(labels.sided[x].part for x in lateral):
            of_part = [x for x in lateral if labels.sided[x].part == part]
            left, right = ([x for x in of_part if labels.sided[x].side == side] for side in SIDES)
            if not (left and right):
                continue
            means = [finite_means(np.array([lateral[x] for x in xs]), 0) for xs in (left, right)]
            middle = 0.5 * (means[0] + means[1])
            if not np.isfinite(middle).any():
                continue
            parts[part] = finite_median(means[1] - means[0])
            for label in of_part:
                away = lateral[label] - lateral.get(partner.get(label, ""), middle)
                offsets.append(finite_median(away if label in right else -away))
        known = [offset for offset in offsets if np.isfinite(offset)]
        wrong = sum(offset < MIN_OFFSET_M for offset in known)
        return cls(axes, len(known), wrong, parts) if parts else None

    @property
    def other_side(self) -> bool:
        """True if every part of the body is on the side opposite to its labels."""
        gaps = [gap for gap in self.parts.values() if abs(gap) > MIN_SIDE_M]
        is_mostly_wrong = self.wrong >= MIN_OTHER_SIDE_SHARE * self.sided
        return len(gaps) > 1 and max(gaps) < 0.0 and is_mostly_wrong

    @property
    def words(self) -> str:
        """Number of labels on the other side."""
        of_all = self.wrong == self.sided
        count = f"all {self.sided}" if of_all else f"{self.wrong} of {self.sided}"
        return f"{count} sided labels are on the other side of the body"


def with_all_exchanged(recording: Recording, labels: BodyLabels) -> Recording:
    """Exchange left and right of all labels, as the sheet of trials requests.

    A sided label without a partner cannot be renamed: it is not used.
    """
    worn = [label for label in recording.labels if label in labels.sided]
    partner = partners(worn, labels)
    order = [recording.labels.index(partner.get(label, label)) for label in recording.labels]
    is_lone = np.array([label in worn and label not in partner for label in recording.labels])
    positions = np.where(is_lone[:, None], np.nan, recording.positions[:, order])
    return replace(recording, positions=positions)


def mirrored_back(recording: Recording, axes: FloatArray, mirror: Mirror) -> Recording:
    """A recording without a mirror; ``axes`` (3, 3): rows ahead, up and right."""
    markers, plates = (axes.T @ np.diag(signs) @ axes for signs in (ACROSS, mirror.forces))
    forces = recording.forces
    if forces is not None and min(mirror.forces) < 0.0:
        forces = mirrored_forces(forces, plates, turned=mirror.is_cornered)
    return replace(recording, positions=recording.positions @ markers, forces=forces)


@dataclass(frozen=True, eq=False)
class SideEvidence:
    """Redundancies of the sides of a person's recording and of where its forces are."""

    labels: BodyLabels
    is_standing: bool = False
    """Only the place of the forces is evidence: somebody who stands may do so beside plates."""
    right_recordings: tuple[Recording, ...] = ()
    """Recordings of the person whose sides are right."""

    @classmethod
    def of(
        cls,
        recording: Recording,
        labels: BodyLabels,
        others: OtherRecordings,
        *,
        is_standing: bool = False,
    ) -> SideEvidence:
        """Evidence of a recording.

        The person's other ones are read only where every part of it is on its other side.
        """
        sides = BodySides.of(recording, labels)
        read = others() if sides is not None and sides.other_side else ()
        sides_of_read = [(x, BodySides.of(x, labels)) for x in read]
        right = [x for x, sides in sides_of_read if sides is not None and not sides.other_side]
        return cls(labels, is_standing, tuple(right))

    def disagreements(self, recording: Recording) -> Disagreements:
        """Sizes of disagreement; empty where up and ahead are not known."""
        sides = BodySides.of(recording, self.labels)
        if sides is None:
            return {}
        lengths = [label_distances(recording, x, self.labels) for x in self.right_recordings]
        sizes = {
            "sides": [max(-gap, 0.0) for gap in sides.parts.values()],
            "lengths": lengths,
            **self._of_forces(recording, sides.axes),
        }
        finite = {name: np.array([x for x in sizes[name] if np.isfinite(x)]) for name in sizes}
        return {name: values for name, values in finite.items() if len(values)}

    def _of_forces(self, recording: Recording, axes: FloatArray) -> dict[str, list[float]]:
        """Disagreements in axes ahead, up and right of the body, as those of ground axes."""
        if recording.forces is None:
            return {}
        forces, labels = averaged(recording.forces.rotated(axes)), self.labels
        feet = (
            np.array(
                [
                    [
                        label_mean(recording, by_foot[foot])
                        for by_foot in (labels.heels, labels.toes)
                    ]
                    for foot in (0, 1)
                ]
            ).transpose(2, 0, 1, 3)
            @ axes.T
        )
        if len(feet) < 2 or not len(forces.numbers):
            return {}
        pelvis = label_mean(recording, (*labels.front, *labels.back) or labels.hips)
        loads = FrameLoads.of(forces, np.arange(len(feet)) / recording.rate)
        is_heavy = loads.share > HEAVY_SHARE
        if self.is_standing:  # a plate that is never unloaded bears somebody
            size = np.linalg.norm(loads.smooth[..., :3], axis=2)
            is_heavy = size > STANDING_SHARE * max(float(size.max(initial=0.0)), TINY_N)
        frame, plate = np.nonzero(is_heavy)
        pressure, _ = loads.pressure(frame, plate)
        distance = foot_distance(feet[frame], pressure)
        distance[~np.isfinite(distance).all(axis=1)] = np.nan
        nearest = distance.min(axis=1)
        under_foot = finite_median(nearest)
        if self.is_standing:  # beside the plates, however far, is one and the same
            return {"under foot": [min(under_foot, BESIDE_FEET_M)]}
        named = np.array([SIDES.index(x) if x else NO_FOOT for x in forces.feet], int)[plate]
        is_told = (named != NO_FOOT) & (nearest < MAX_FOOT_DISTANCE_M)
        is_other = distance[is_told, named[is_told]] > nearest[is_told]
        force = loads.smooth[frame, plate, :3]
        total = max(float(np.abs(force[:, 1]).sum()), TINY_N)
        return {
            "under foot": [under_foot],
            "named feet": [float(is_other.mean())] if len(is_other) else [],
            "pull": [-float(force[:, 1].clip(max=0.0).sum()) / total],
            "lean": [1.0 - _correlation(force, (pelvis @ axes.T)[frame] - pressure)],
        }


def _correlation(force: FloatArray, arm: FloatArray) -> float:
    """Correlation of horizontal forces (N, 3) with the way from the pressure to the pelvis (N, 3).

    Legs push along their length, at the hips above.
    """
    finite = np.isfinite(arm).all(axis=1)
    push, arm = force[finite][:, [0, 2]], arm[finite][:, [0, 2]]
    size = float(np.sqrt((push**2).sum() * (arm**2).sum()))
    return float((push * arm).sum()) / size if size > 0.0 else float("nan")


def label_distances(recording: Recording, other: Recording, labels: BodyLabels) -> float:
    """Median difference, m, of distances between labels of a part between two recordings."""
    partner = partners([x for x in recording.labels if x in labels.sided], labels)
    worn = [x for x in partner if {x, partner[x]} <= {*other.labels}]
    differences = []
    for pair in combinations(worn, 2):
        if labels.sided[pair[0]] == labels.sided[pair[1]]:
            apart = (
                np.subtract(*(x.positions[:, x.labels.index(label)] for label in pair))
                for x in (recording, other)
            )
            lengths = [finite_median(np.linalg.norm(path, axis=1)) for path in apart]
            differences.append(abs(lengths[0] - lengths[1]))
    return finite_median(np.array(differences))


def side_explanations(
    recording: Recording, labels: BodyLabels, others: OtherRecordings, *, is_standing: bool = False
) -> Ranking[Recording]:
    """Explanations of the sides of a recording."""
    sides = BodySides.of(recording, labels)
    if sides is None:
        return Ranking((Explanation((), 0.0),), MIN_LOG_ODDS, explains=True)
    evidence = SideEvidence.of(recording, labels, others, is_standing=is_standing)
    are_right = bool(evidence.right_recordings)
    rows = [*side_candidates(recording, labels, sides, are_others_right=are_right)]
    return search(recording, evidence.disagreements, lambda _: rows, people_scales(np.nan))


def side_candidates(
    recording: Recording, labels: BodyLabels, sides: BodySides, *, are_others_right: bool
) -> Iterator[Candidate[Recording]]:
    """Explanations of a recording by mirrors, and by labels that are exchanged.

    A laboratory's axes are those of all its files: where others of the person are right, that one
    alone is mirrored is rarer.
    """
    forces, shows = recording.forces, frozenset({"sides", "lengths"})
    has_corners = forces is not None and np.isfinite(forces.corners).any()
    for name, mirror in MIRRORS.items():
        if (forces is None and mirror.forces != ACROSS) or not (mirror.is_cornered or has_corners):
            continue

        def undo(recorded: Recording, _: float, mirror: Mirror = mirror) -> Recording:
            return mirrored_back(recorded, sides.axes, mirror)

        rarity = mirror.rarity + ONE_FILE_RARER * are_others_right
        yield Candidate(name, ALL, rarity, undo, shows=shows)
    is_whole = any(part.startswith(UPPER_PARTS) for part in sides.parts)
    yield Candidate(
        SIDES_EXCHANGED,
        ALL,
        EXCHANGED_RARITY if is_whole else LEGS_EXCHANGED_RARITY,
        lambda recorded, _: with_all_exchanged(recorded, labels),
        shows=shows,
    )


def with_resolved_sides(
    recording: Recording, trial: Trial, labels: BodyLabels, others: OtherRecordings, notes: Notes
) -> Recording:
    """A recording as it is, or as column fix corrects its sides.

    Raises AqbioError where the coordinates are clearly mirrored or all labels exchanged, before or
    after what is stated.
    """
    is_standing = trial.task == "static"
    stated = next((words for words in trial.fixes if words in (SWAP, MIRROR)), "")
    if stated:
        return _as_stated(recording, labels, stated, notes, is_standing=is_standing)
    sides = BodySides.of(recording, labels)
    if sides is None:
        return recording
    plausible = side_explanations(recording, labels, others, is_standing=is_standing).plausible
    treatments = {_treatment(x) for x in plausible}
    corrected = BodySides.of(plausible[0].undone(recording), labels)
    is_right = corrected is not None and min(corrected.parts.values()) > -MIN_SIDE_M
    if ("" not in treatments and is_right) or sides.other_side:
        raise _wrong_sides(treatments - {""}, sides, notes)
    if 2 * sides.wrong >= sides.sided:
        notes.add(
            SIDES_UNCLEAR,
            "warning",
            f"{sides.words}; neither mirrored coordinates nor an exchange of all labels clearly "
            "explains that. The recording is used as it is.",
            number=sides.wrong,
            fix="look at left and right of these labels in the capture software.",
        )
    return recording


def _as_stated(
    recording: Recording, labels: BodyLabels, stated: str, notes: Notes, *, is_standing: bool
) -> Recording:
    """A recording with its sides corrected as column fix states it.

    Raises AqbioError where it cannot be done, and where every label is on the other side after it.
    """

    def refusal(what: str, fix: str) -> AqbioError:
        text = f"column fix says “{stated}”, {what}."
        return AqbioError(text, file=notes.file, where="column fix", fix=fix, rule=FIX_UNKNOWN)

    sides = BodySides.of(recording, labels)
    corrected, rule = with_all_exchanged(recording, labels), SIDES_EXCHANGED
    text = "left and right of all labels are exchanged"
    if stated == MIRROR:
        if sides is None:
            what = "and these labels do not show which way is up and ahead"
            raise refusal(what, "export the recording in right-handed axes.")
        ranking = side_explanations(recording, labels, tuple, is_standing=is_standing)
        faults = (
            x.suspects[0].candidate.fault for x in ranking.explanations if len(x.suspects) == 1
        )
        mirror = MIRRORS[next((fault for fault in faults if fault in MIRRORS), "mirrored")]
        corrected, rule = mirrored_back(recording, sides.axes, mirror), COORDINATES_MIRRORED
        text = f"{_mirror_words(mirror)}; they are mirrored back"
    after = BodySides.of(corrected, labels)
    if after is not None and after.other_side:
        what = f"after which {after.words}"
        raise refusal(what, f"take “{stated}” out of column fix of this trial in trials.tsv.")
    notes.add(rule, "info", f"{text}, as column fix states.")
    return corrected


def _mirror_words(mirror: Mirror) -> str:
    """A mirror in words."""
    words = "the coordinates are mirrored"
    if mirror.forces != ACROSS:
        words = "the coordinates of the markers are mirrored"
    return words if mirror.is_cornered else f"{words}, the corners of plates in their old order"


def _treatment(explanation: Explanation[Recording]) -> str:
    """Change of the markers by an explanation: mirror, swap, both, or none."""
    faults = {x.candidate.fault for x in explanation.suspects}
    words = [MIRROR] * bool(faults & MIRRORS.keys()) + [SWAP] * (SIDES_EXCHANGED in faults)
    return " and ".join(words)


def in_right_handed_coordinates(
    recording: Recording, labels: BodyLabels, others: OtherRecordings
) -> Recording:
    """A recording mirrored back where it is more probably mirrored than its labels are exchanged.

    Where labels are exchanged they keep their names: a person has to look at them.
    """
    best = side_explanations(replace(recording, forces=None), labels, others).best
    return recording if SWAP in _treatment(best) else best.undone(recording)


def _wrong_sides(treatments: Collection[str], sides: BodySides, notes: Notes) -> AqbioError:
    """Error about mirrored coordinates, exchanged labels, or one of the two."""
    cell = "into column fix of this trial in trials.tsv"
    of_mirror = f"write “{MIRROR}” {cell}, which mirrors the coordinates back"
    of_swap = f"write “{SWAP}” {cell}, which exchanges left and right of all labels"
    what = "the coordinates are mirrored (left-handed export)"
    fix, rule, proposal = of_mirror, COORDINATES_MIRRORED, MIRROR
    if {*treatments} == {SWAP}:
        what = "left and right of all labels are exchanged"
        fix, rule, proposal = of_swap, SIDES_EXCHANGED, SWAP
    elif SWAP in treatments or not treatments:
        what = f"either {what}, or left and right of all labels are exchanged"
        fix, rule, proposal = f"{of_mirror}; or {of_swap}", MIRRORED_OR_EXCHANGED, ""
    text = f"{sides.words}: {what}."
    return AqbioError(text, file=notes.file, fix=f"{fix}.", rule=rule, proposal=proposal)
