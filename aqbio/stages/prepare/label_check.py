"""Labels of a moving trial held against the static trial: exchanged ones and sides."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from aqbio.config import MarkerSet, Trial
from aqbio.errors import AqbioError, listed
from aqbio.io.recording import Recording
from aqbio.io.study import Study
from aqbio.io.trial_files import read_recording
from aqbio.mechanics.recordings.axes import LaboratoryToGround
from aqbio.mechanics.recordings.label_swaps import (
    LabelSwap,
    SegmentDistances,
    exchanged_parts,
    exchanged_positions,
    swapped_labels,
)
from aqbio.mechanics.vectors import FloatArray
from aqbio.stages.prepare.axes import label_mean, laboratory_axes, mean_vector
from aqbio.stages.prepare.notes import Notes

MILLIMETRES = 1e3

SWAPPED = "labels-swapped"
"""Rule of two labels that sit on each other's markers; a warning until the sheet accepts it."""

TOLD = 4
"""So many labels of a limb are told."""


@dataclass(frozen=True, eq=False)
class StaticReference:
    """Where markers are on a participant who stands still."""

    places: Mapping[str, FloatArray] = field(default_factory=dict)
    """mapping of (3,) arrays, m. Median place by label, laboratory axes; empty without a static
    trial."""
    limbs: Mapping[str, tuple[Sequence[str], Sequence[str]]] = field(default_factory=dict)
    """mapping of (left, right). Bodies of legs and arms from the trunk outwards, by limb."""
    axes: LaboratoryToGround | None = None
    """Of the laboratory, as upright standing shows them; None where it does not."""


def static_reference(study: Study, participant_id: str) -> StaticReference:
    """Read where a participant's markers are in the static trial, if there is one."""
    static, groups = study.static_of(participant_id), study.model_map.groups
    limbs = {
        limb: (groups.get(f"{limb}_left", ()), groups.get(f"{limb}_right", ()))
        for limb in ("leg", "arm")
    }
    if static is None:
        return StaticReference({}, limbs)
    try:
        unit = study.settings.laboratory.marker_unit
        recording = read_recording(study.recording(static), unit=unit)
    except AqbioError:
        return StaticReference({}, limbs)  # told where the static trial itself is prepared
    notes = Notes(static.trial_id, participant_id, static.source, static.source)
    try:
        axes = laboratory_axes(recording, study.marker_set, study.settings.laboratory.axes, notes)
    except AqbioError:
        axes = None
    return StaticReference(median_places(recording), limbs, axes)


def with_known_labels(recording: Recording, marker_set: MarkerSet, notes: Notes) -> Recording:
    """The recording with numbers for the labels that the marker set does not know.

    Nothing is computed of those markers, and their labels may be names of persons.
    """
    labels = tuple(
        label if label in marker_set.markers else f"unlabelled point {number}"
        for number, label in enumerate(recording.labels, 1)
    )
    if unknown := [label for label in labels if label not in marker_set.markers]:
        notes.add(
            "labels-unknown",
            "info",
            f"{listed(unknown)}: their labels are not in the marker set, so that they are named by "
            "their place in the file, and nothing is computed of them.",
            number=len(unknown),
            fix="add those to the marker set that are to be used.",
            label=", ".join(unknown),
        )
    return replace(recording, labels=labels)


def median_places(recording: Recording) -> dict[str, FloatArray]:
    """The median place of every marker that is seen."""
    seen = np.asarray(np.isfinite(recording.positions).all(axis=2))
    return {
        label: np.median(recording.positions[seen[:, index], index], axis=0)
        for index, label in enumerate(recording.labels)
        if seen[:, index].any()
    }


def with_checked_labels(
    recording: Recording,
    trial: Trial,
    static: StaticReference,
    marker_set: MarkerSet,
    notes: Notes,
) -> Recording:
    """Hold the labels of a trial against the static trial and its sides against each other.

    Gives the recording with exchanged labels put right where the trial's row says ``fix: swap``;
    otherwise as it is, with a finding that proposes it.
    """
    accepted, read = trial.fix == "swap", recording
    recording = with_own_sides(recording, marker_set, static.limbs, notes, accepted=accepted)
    segments = _segments(marker_set)
    labels, places = recording.labels, static.places
    distances = SegmentDistances.of(labels, recording.positions, places, segments)
    if trial.task == "static" or not distances.labels:
        return recording
    swaps = swapped_labels(distances)
    for swap in swaps:
        _note_swap(swap, notes, accepted=accepted)
    if accepted and not swaps and recording is read:
        notes.add(
            "labels-not-swapped",
            "warning",
            "the sheet says fix: swap, but no exchanged labels are found.",
            fix="clear the column fix of this trial.",
        )
    right = exchanged_positions(labels, recording.positions, swaps)
    return replace(recording, positions=right) if accepted else recording


def _segments(marker_set: MarkerSet) -> dict[str, str]:
    """Segment of every recorded label: its body; toes count with their foot."""
    bodies = {label: marker.body for label, marker in marker_set.markers.items()}
    for side in ("left", "right"):
        foot = getattr(marker_set.feet, side)
        whole = bodies.get(foot.heel, "")
        toes = {bodies[label] for label in foot.toe if label in bodies}
        bodies |= {label: whole for label, body in bodies.items() if body in toes and whole}
    return bodies


def with_own_sides(
    recording: Recording,
    marker_set: MarkerSet,
    limbs: Mapping[str, tuple[Sequence[str], Sequence[str]]],
    notes: Notes,
    *,
    accepted: bool = False,
) -> Recording:
    """Refuse limbs, or ends of limbs, whose left and right labels are the wrong way round.

    Parameters
    ----------
    limbs : mapping of (left, right)
        Bodies by limb, from the trunk outwards; the heels stand for both legs where there are none.
    notes : Notes
        Knows the file.
    accepted : bool
        Labels that differ by their side alone are exchanged instead.

    Raises
    ------
    AqbioError
        The body would be turned inside out, or its sides told the wrong way round.
    """
    pelvis, feet = marker_set.pelvis, marker_set.feet
    front, back = (label_mean(recording, labels) for labels in (pelvis.front, pelvis.back))
    heels = [label_mean(recording, (foot.heel,)) for foot in (feet.left, feet.right)]
    up = 0.5 * (front + back) - 0.5 * (heels[0] + heels[1])
    to_the_right = np.cross(front - back, up)
    size = float(np.linalg.norm(mean_vector(to_the_right))) or np.nan
    for limb, parts in _sided_labels(recording, marker_set, limbs).items():
        means = [[label_mean(recording, labels) for labels in both] for both in parts]
        across = [mean_vector((right - left) * to_the_right).sum() for left, right in means]
        aside = [float(one) / size for one in across]
        paths = [(_paths(recording, left), _paths(recording, right)) for left, right in parts]
        wrong = [number for number, one in enumerate(exchanged_parts(paths, aside)) if one]
        if not wrong:
            continue
        left, right = ([one for at in wrong for one in parts[at][side]] for side in (0, 1))
        if accepted and (pairs := _same_but_for_side(left, right)):
            recording = _with_sides_exchanged(recording, pairs, notes)
            continue
        end = "" if len(wrong) == len(parts) else "end of the "
        ours, theirs = (", ".join(labels[:TOLD]) for labels in (right, left))
        away = aside[wrong[0]]
        raise AqbioError(
            f"the {end}{limb} labelled right ({ours}) is {-away:.2f} m to the left of the one "
            f"labelled left ({theirs}), as the pelvis faces."
            if away < 0.0
            else f"the {end}{limb} labelled right ({ours}) moves with the rest of the left {limb}, "
            f"and the one labelled left ({theirs}) with the right.",
            file=notes.file,
            fix="write swap into the column fix of this trial in trials.tsv to exchange them, or "
            "correct them in the capture software or, if it is so in all trials, in markers.yaml "
            "(left and right, or front and back of the pelvis).",
            rule="sides-exchanged",
        )
    return recording


def _paths(recording: Recording, labels: Sequence[str]) -> FloatArray:
    return recording.positions[:, [recording.labels.index(label) for label in labels]]


def _same_but_for_side(left: Sequence[str], right: Sequence[str]) -> dict[str, str]:
    """Partner of every label, both ways; empty where names leave one without or with two."""
    ours, theirs = (
        {re.sub("left|right|[lr]", "", one.lower()): one for one in side} for side in (left, right)
    )
    if ours.keys() != theirs.keys() or not len(ours) == len(left) == len(right):
        return {}
    pairs = {one: theirs[name] for name, one in ours.items()}
    return pairs | {other: one for one, other in pairs.items()}


def _with_sides_exchanged(
    recording: Recording, pairs: Mapping[str, str], notes: Notes
) -> Recording:
    """The recording with labels exchanged, and a note that says so."""
    notes.add(
        SWAPPED,
        "info",
        f"left and right of {', '.join(pairs)} are exchanged, as the sheet accepts.",
        number=len(pairs),
    )
    order = [recording.labels.index(pairs.get(label, label)) for label in recording.labels]
    return replace(recording, positions=recording.positions[:, order])


def _sided_labels(
    recording: Recording,
    marker_set: MarkerSet,
    limbs: Mapping[str, tuple[Sequence[str], Sequence[str]]],
) -> dict[str, list[tuple[list[str], list[str]]]]:
    """Labels of both sides by limb and part, of the parts that are marked on both."""
    worn = [label for label in recording.labels if label in marker_set.markers]
    found: dict[str, list[tuple[list[str], list[str]]]] = {}
    for limb, bodies in limbs.items():
        for both in zip(*bodies, strict=False):
            left, right = ([one for one in worn if marker_set.markers[one].body == b] for b in both)
            if left and right:
                found.setdefault(limb, []).append((left, right))
    heels = [[foot.heel] for foot in (marker_set.feet.left, marker_set.feet.right)]
    return found if "leg" in found else {"heel": [(heels[0], heels[1])], **found}


def _note_swap(swap: LabelSwap, notes: Notes, *, accepted: bool) -> None:
    share = float(swap.frames.mean())
    span = np.flatnonzero(swap.frames)
    where = "" if share > 0.95 else f"frames {span[0] + 1} to {span[-1] + 1}"
    static, trial = (
        "/".join(f"{MILLIMETRES * value:.0f}" for value in pair)
        for pair in (swap.static, swap.trial)
    )
    notes.add(
        SWAPPED,
        "info" if accepted else "warning",
        f"labels {swap.first} and {swap.second} sit on each other's markers in {share:.0%} of the "
        f"frames: they are {static} mm from {swap.witness} in the static trial, {trial} mm here"
        + ("; they are exchanged, as the sheet accepts." if accepted else "."),
        number=MILLIMETRES * swap.before,
        limit=MILLIMETRES * swap.after,
        unit="mm",
        where=where,
        fix=""
        if accepted
        else "write swap into the column fix of this trial in trials.tsv to exchange them, or "
        "correct the labels in the capture software.",
    )
