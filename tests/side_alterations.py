"""Alterations of sides, drawn at random: an axis negated, labels exchanged in stretches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from aqbio.config import MarkerSet
from aqbio.force_plates.forces import PlateWrench, plate_axes
from aqbio.io.recording import Recording
from aqbio.prepare.exchanges import LABELS_RESTORED, restore_exchanged_stretches
from aqbio.prepare.handedness import BodyLabels, Limbs, partners
from aqbio.prepare.notes import Notes
from aqbio.vectors import BoolArray, FloatArray


def mirrored(one: Recording, axis: int, *, markers: bool, forces: bool) -> Recording:
    """What an export with one axis negated holds; plates that have corners get axes from them."""
    mirror = np.eye(3)
    mirror[axis, axis] = -1.0
    plates = one.forces
    if forces and plates is not None:
        corners, wrench = plates.corners @ mirror, plates.wrench
        force, moment = wrench.force @ mirror, -wrench.moment @ mirror
        for plate in np.flatnonzero(np.isfinite(corners).all(axis=(1, 2))):
            turn = plate_axes(corners[plate]) @ plate_axes(plates.corners[plate]).T
            force[:, plate] = wrench.force[:, plate] @ turn.T
            moment[:, plate] = wrench.moment[:, plate] @ turn.T
        turned = PlateWrench(force, moment, wrench.point @ mirror)
        plates = replace(plates, wrench=turned, corners=corners)
    positions = one.positions @ mirror if markers else one.positions
    return replace(one, positions=positions, forces=plates)


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
    heels, toes = ([one for one in sum(own, ()) if one in worn] for own in (body.heels, body.toes))
    single = {"heel and toe": (heels[-1], toes[-1]), "heels": (heels[0], heels[-1])}
    pairs = partners(sided, body)
    parts = {label: body.sided[label].part for label in pairs}
    groups = [
        name for name, own in GROUPS.items() if any(one.startswith(own) for one in parts.values())
    ]
    name = str(random.choice([*groups, *single]))
    if name in single:
        return [single[name]]
    chosen = [label for label in pairs if parts[label].startswith(GROUPS[name])]
    return sorted({(min(one, pairs[one]), max(one, pairs[one])) for one in chosen})


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


def left_exchanged(
    run: Recording,
    marker_set: MarkerSet,
    limbs: Limbs,
    places: Mapping[str, FloatArray],
    random: np.random.Generator,
) -> list[str]:
    """What is wrong after drawn labels were exchanged in drawn frames: nothing, as a rule."""
    labels, true = list(run.labels), run.positions
    pairs = drawn_pairs(random, run.labels, BodyLabels.of_marker_set(marker_set, limbs))
    frames = drawn_frames(random, run.rate, len(true))
    columns = np.array([[labels.index(one) for one in pair] for pair in pairs])
    altered = true.copy()
    for one, other in columns:
        rows = np.flatnonzero(frames)[:, None]
        altered[rows, [one, other]] = altered[rows, [other, one]]
    if random.random() < 1.0 / 3.0:  # it happens while they are not seen
        for change in np.flatnonzero(np.diff(frames)):
            altered[max(change - 3, 0) : change + 4, columns.ravel()] = np.nan
    notes = Notes("fast", "P1", "fast.trc", "")
    taken = replace(run, positions=altered)
    found = restore_exchanged_stretches(taken, marker_set, limbs, places, notes).positions
    wrong = np.linalg.norm(found - true, axis=2) > 1e-9
    lost = np.isnan(found).any(axis=2) & ~np.isnan(altered).any(axis=2)
    shown = (np.isfinite(altered).all(axis=2) & frames[:, None])[:, columns.ravel()].any()
    faults = [
        f"{labels[one]} in {count} frames" for one, count in enumerate(wrong.sum(axis=0)) if count
    ]
    if lost.any(axis=1).sum() > max(6, 0.5 * frames.sum()):
        faults.append(f"{lost.any(axis=1).sum()} frames masked for {frames.sum()}")
    if shown and {one.rule for one in notes.findings} != {LABELS_RESTORED}:
        faults.append("not named")
    return [f"{pairs[0]}: {one}" for one in faults]
