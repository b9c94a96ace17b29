"""Mirrored coordinates and exchanged sides of a whole recording: explanations that compete.

A mirror is an isometry: no distance within a body shows it. Right follows from up and ahead; where
every part of a body is on its other side, the coordinates are mirrored or all labels are exchanged.
Where the centres of pressure lie, which way the forces push, force columns named by foot, distances
between labels in other recordings, and how much rarer it is that every single label is wrong than
that one axis is, decide.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np

from aqbio.config import Trial
from aqbio.errors import AqbioError
from aqbio.io.recording import Recording
from aqbio.prepare.body_labels import BodyLabels, partners
from aqbio.prepare.corrections import mirrored_forces
from aqbio.prepare.explanations import (
    ALL,
    MIN_LOG_ODDS,
    Candidate,
    Explanation,
    Ranking,
    people_scales,
    search,
)
from aqbio.prepare.notes import Notes
from aqbio.prepare.side_evidence import MIN_SIDE_M, BodySides, OtherRecordings, SideEvidence
from aqbio.prepare.stated_labels import FIX_UNKNOWN, MIRROR, SWAP
from aqbio.vectors import FloatArray

COORDINATES_MIRRORED = "coordinates-mirrored"
"""Rule of a recording whose coordinates are left-handed."""

SIDES_EXCHANGED = "sides-exchanged"
"""Rule of a recording with left and right of all labels exchanged; name of that explanation."""

MIRRORED_OR_EXCHANGED = "mirrored-or-exchanged"
"""Rule of a recording that may be mirrored or may have all its labels exchanged."""

SIDES_UNCLEAR = "sides-unclear"
"""Rule of a recording with labels on the other side that neither explains."""

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
    "mirrored-but-corners": Mirror(ACROSS, 6.0, is_cornered=False),
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
