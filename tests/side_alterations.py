"""Alterations of sides, drawn at random: an axis negated, labels exchanged in stretches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from aqbio.config import MarkerSet, Trial
from aqbio.force_plates.forces import PlateWrench, plate_axes
from aqbio.io.recording import Recording
from aqbio.prepare.body_labels import BodyLabels, Limbs, partners
from aqbio.prepare.label_faults import LABELS_EXCHANGED, with_masked_labels
from aqbio.prepare.notes import Notes
from aqbio.prepare.stated_labels import stated_labels
from aqbio.vectors import BoolArray, FloatArray


def mirrored(recording: Recording, axis: int, *, markers: bool, forces: bool) -> Recording:
    """Recording as exported with one axis negated; plates with corners get axes from them."""
    mirror = np.eye(3)
    mirror[axis, axis] = -1.0
    plates = recording.forces
    if forces and plates is not None:
        corners, wrench = plates.corners @ mirror, plates.wrench
        force, moment = wrench.force @ mirror, -wrench.moment @ mirror
        for plate in np.flatnonzero(np.isfinite(corners).all(axis=(1, 2))):
            turn = plate_axes(corners[plate]) @ plate_axes(plates.corners[plate]).T
            force[:, plate] = wrench.force[:, plate] @ turn.T
            moment[:, plate] = wrench.moment[:, plate] @ turn.T
        mirrored_wrench = PlateWrench(force, moment, wrench.point @ mirror)
        plates = replace(plates, wrench=mirrored_wrench, corners=corners)
    positions = recording.positions @ mirror if markers else recording.positions
    return replace(recording, positions=positions, forces=plates)


GROUPS = {
    "legs": ("leg",), "shanks and feet": ("leg 1", "leg 2", "leg 3"), "feet": ("leg 2", "leg 3"),
    "arms": ("arm",), "forearms": ("arm 1", "arm 2"), "pelvis": ("pelvis",), "everything": ("",),
}  # fmt: skip
"""Beginnings of the names of parts whose left and right are exchanged together."""


def drawn_pairs(
    random: np.random.Generator, worn: tuple[str, ...], body: BodyLabels
) -> list[tuple[str, str]]:
    """Labels of a group on both sides, or single ones, that are exchanged."""
    sided = [label for label in worn if label in body.sided]
    heels, toes = (
        [label for label in sum(groups_of_side, ()) if label in worn]
        for groups_of_side in (body.heels, body.toes)
    )
    single = {"heel and toe": (heels[-1], toes[-1]), "heels": (heels[0], heels[-1])}
    pairs = partners(sided, body)
    parts = {label: body.sided[label].part for label in pairs}
    groups = [
        name
        for name, prefixes in GROUPS.items()
        if any(part.startswith(prefixes) for part in parts.values())
    ]
    name = str(random.choice([*groups, *single]))
    if name in single:
        return [single[name]]
    chosen = [label for label in pairs if parts[label].startswith(GROUPS[name])]
    return sorted({(min(label, pairs[label]), max(label, pairs[label])) for label in chosen})


def drawn_frames(random: np.random.Generator, rate: float, count: int) -> BoolArray:
    """Up to three stretches of 20 to 200 ms, or one from the first frame or to the last."""
    frames = np.zeros(count, dtype=bool)
    kind = int(random.integers(4))
    for _ in range(1 if kind else 3):
        length = int(random.integers(max(4, round(0.02 * rate)), round(0.2 * rate)))
        first = int(random.integers(4, count - length - 4))
        first = {2: 0, 3: count - length}.get(kind, first)
        frames[first : first + length] = True
    return frames


def exchange_faults(
    run: Recording,
    marker_set: MarkerSet,
    limbs: Limbs,
    positions: Mapping[str, FloatArray],
    random: np.random.Generator,
) -> list[str]:
    """What is wrong after drawn labels are exchanged in drawn frames: nothing, as a rule.

    Every exchanged position is masked and few others are; the statements proposed put the labels
    back.
    """
    labels, true = list(run.labels), run.positions
    pairs = drawn_pairs(random, run.labels, BodyLabels.of_marker_set(marker_set, limbs))
    frames = drawn_frames(random, run.rate, len(true))
    columns = np.array([[labels.index(label) for label in pair] for pair in pairs])
    altered = true.copy()
    for left, right in columns:
        rows = np.flatnonzero(frames)[:, None]
        altered[rows, [left, right]] = altered[rows, [right, left]]
    if random.random() < 1.0 / 3.0:  # it happens while they are not seen
        for change in np.flatnonzero(np.diff(frames)):
            altered[max(change - 3, 0) : change + 4, columns.ravel()] = np.nan
    exchanged = replace(run, positions=altered)
    notes = Notes("fast", "P1", "fast.trc", "")
    checked = with_masked_labels(exchanged, marker_set, limbs, positions, notes)
    stated = as_proposed(exchanged, notes)
    again = with_masked_labels(stated, marker_set, limbs, positions, Notes("", "", "", ""))
    faults = [
        f"{labels[column]} in {count} frames {when}"
        for when, recording in (("as recorded", checked), ("as proposed", again))
        for column, count in enumerate(differing(recording, run).sum(axis=0))
        if count
    ]
    recorded = np.isfinite(altered).all(axis=2)
    for recording, most in ((checked, 1.5 * frames.sum()), (again, 0.5 * frames.sum())):
        masked = np.any(recorded & np.isnan(recording.positions).any(axis=2), axis=1)
        if masked.sum() > max(6, most):
            faults.append(f"{masked.sum()} frames masked for {frames.sum()}")
    was_visible = np.any((recorded & frames[:, None])[:, columns.ravel()])
    if was_visible and {finding.rule for finding in notes.findings} != {LABELS_EXCHANGED}:
        faults.append("not named")
    return [f"{pairs[0]}: {fault}" for fault in faults]


def as_proposed(recording: Recording, notes: Notes) -> Recording:
    """A recording as it is read with the statements that its findings propose."""
    cell = "; ".join(finding.proposal for finding in notes.findings if finding.proposal)
    trial = Trial(participant_id="P1", trial_id="t", task="run", file="t.c3d", fix=cell or None)
    return stated_labels(trial, "trials.tsv").applied(recording, Notes("", "", "", ""))


def differing(recording: Recording, true: Recording) -> BoolArray:
    """Positions (T, M) that a recording has and that are not the true ones."""
    return np.asarray(np.linalg.norm(recording.positions - true.positions, axis=2) > 1e-9)
