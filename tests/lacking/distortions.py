"""What laboratories do to a recording without taking anything away, on its arrays."""

from __future__ import annotations

import numpy as np
from scipy.signal import butter, sosfiltfilt

from aqbio.vectors import cross
from aqbio.virtual.recording import PlateRow, VirtualRecording

AXES = "xyz"
"""Of the ground: forward, up, right."""

Take = VirtualRecording

ORDER = 2
"""Of the low-pass, which runs both ways."""


def mirrored(take: Take, axis: str, of: str) -> Take:
    """Coordinates with one axis reversed: of markers, of forces, or of both.

    Forces reflect as vectors, moments as products of two; plates keep the order of their corners.
    """
    number = AXES.index(axis)
    flip = np.where(np.arange(3) == number, -1.0, 1.0)
    changed = {}
    if of in ("markers", "both"):
        changed["markers"] = take.markers * flip
    if of in ("forces", "both"):
        centre = take.corners.mean(axis=1, keepdims=True)
        changed["force"] = take.force * flip
        changed["moment"] = -take.moment * flip
        changed["corners"] = take.corners - centre + centre * flip
    return take.changed(**changed)


def _of_plates(take: Take, plate: int | str) -> np.ndarray:
    """Which plates are meant: one by its number from 1, or all."""
    return np.array([plate in ("all", number + 1) for number in range(len(take.corners))])


def _channels(take: Take) -> tuple[np.ndarray, np.ndarray]:
    """Forces and moments as plates measure them: about their origins, below the surface."""
    return take.force, take.moment - _about_surface(take.force)


def _of_channels(take: Take, force: np.ndarray, moment: np.ndarray) -> Take:
    return take.changed(force=force, moment=moment + _about_surface(force))


def _about_surface(force: np.ndarray) -> np.ndarray:
    below = np.array([0.0, -PlateRow().depth, 0.0])
    return cross(np.broadcast_to(below, force.shape), force)


def flipped_sign(take: Take, component: str, plate: int | str) -> Take:
    """One channel of plates with the other sign: Fx, Fy, Fz or Mx, My, Mz in ground axes."""
    channels = [values.copy() for values in _channels(take)]
    changed = channels["FM".index(component[0])]
    changed[:, _of_plates(take, plate), AXES.index(component[1])] *= -1.0
    return _of_channels(take, *channels)


def delayed(take: Take, ms: float) -> Take:
    """Forces late by so many milliseconds (early where negative); what is not known is zero."""
    samples = round(ms / 1000.0 * take.force_rate)
    source = np.arange(len(take.force)) - samples
    recorded = (source >= 0) & (source < len(take.force))
    source = np.clip(source, 0, len(take.force) - 1)
    recorded = recorded[:, None, None]
    return take.changed(force=take.force[source] * recorded, moment=take.moment[source] * recorded)


def low_passed(take: Take, hz: float) -> Take:
    """Forces and moments through a Butterworth low-pass, both ways."""
    sections = butter(ORDER, hz, fs=take.force_rate, output="sos")
    return take.changed(
        force=sosfiltfilt(sections, take.force, axis=0),
        moment=sosfiltfilt(sections, take.moment, axis=0),
    )


def frames_of(take: Take, start: float, stop: float) -> slice:
    """Frames between two instants, s from the first one."""
    return slice(round(start * take.marker_rate), round(stop * take.marker_rate))


def exchanged(take: Take, pairs: list[tuple[str, str]], start: float, stop: float) -> Take:
    """Labels of each pair on each other's markers for some frames."""
    frames, markers = frames_of(take, start, stop), take.markers.copy()
    for label, partner in pairs:
        if {label, partner} <= set(take.labels):
            first, second = take.labels.index(label), take.labels.index(partner)
            markers[frames, first] = take.markers[frames, second]
            markers[frames, second] = take.markers[frames, first]
    return take.changed(markers=markers)


def noisy(take: Take, labels: set[str], mm: float, seed: int) -> Take:
    """White noise on some markers."""
    markers, random = take.markers.copy(), np.random.default_rng(seed)
    for number, label in enumerate(take.labels):
        if label in labels:
            markers[:, number] += random.normal(0.0, mm / 1000.0, (len(markers), 3))
    return take.changed(markers=markers)


def unseen(take: Take, labels: set[str], start: float, stop: float) -> Take:
    """Markers without a position for some frames."""
    markers = take.markers.copy()
    columns = [number for number, label in enumerate(take.labels) if label in labels]
    markers[frames_of(take, start, stop), columns] = np.nan
    return take.changed(markers=markers)


def without(take: Take, labels: set[str]) -> Take:
    """The recording without some labels."""
    columns = [number for number, label in enumerate(take.labels) if label not in labels]
    return take.changed(
        labels=tuple(take.labels[number] for number in columns),
        markers=take.markers[:, columns],
        marker_body=take.marker_body[columns],
    )


def frozen(take: Take, labels: set[str], start: float, stop: float) -> Take:
    """Markers that stay where they were when a stretch began."""
    frames, markers = frames_of(take, start, stop), take.markers.copy()
    for number, label in enumerate(take.labels):
        if label in labels:
            markers[frames, number] = markers[frames.start, number]
    return take.changed(markers=markers)


LOADED_N = 50.0


def loaded_stretches(take: Take) -> list[tuple[int, int, int]]:
    """Plate (from 1), first and last sample of every stretch in which a plate is loaded."""
    stretches = []
    for plate in range(len(take.corners)):
        loaded = np.concatenate(([0], np.abs(take.force[:, plate, 1]) > LOADED_N, [0])).astype(int)
        change = np.diff(loaded)
        edges = zip(np.flatnonzero(change == 1), np.flatnonzero(change == -1), strict=True)
        stretches += [(plate + 1, int(first), int(last)) for first, last in edges]
    return [stretch for stretch in stretches if stretch[2] - stretch[1] > 0.04 * take.force_rate]


def dead_plate(take: Take, plate: int, at: float) -> Take:
    """A plate that measures nothing from an instant on, s from the first frame."""
    sample = round(at * take.force_rate)
    force, moment = take.force.copy(), take.moment.copy()
    force[sample:, plate - 1], moment[sample:, plate - 1] = 0.0, 0.0
    return take.changed(force=force, moment=moment)


def displaced_plates(take: Take, plate: int | str, ahead_mm: float, right_mm: float) -> Take:
    """Plates that stand elsewhere than the file says: what they measure stays."""
    shift = np.array([ahead_mm, 0.0, right_mm]) / 1000.0
    moved = _of_plates(take, plate)[:, None, None] * shift
    return take.changed(corners=take.corners + moved)


def other_rate(take: Take, factor: float) -> Take:
    """A file that declares another rate than the cameras and plates had."""
    return take.changed(marker_rate=take.marker_rate * factor, force_rate=take.force_rate * factor)


def other_unit(take: Take, of: str, factor: float) -> Take:
    """Numbers of another unit than the file declares: of markers, forces, or moments."""
    if of == "markers":
        return take.changed(markers=take.markers * factor)
    force, moment = _channels(take)
    if of == "forces":
        return _of_channels(take, force * factor, moment)
    return _of_channels(take, force, moment * factor)


def renamed(take: Take, names: dict[str, str]) -> Take:
    """The same markers under other labels."""
    return take.changed(labels=tuple(names.get(label, label) for label in take.labels))


def reordered(take: Take, seed: int) -> Take:
    """The same markers in another order."""
    order = np.random.default_rng(seed).permutation(len(take.labels))
    return take.changed(
        labels=tuple(take.labels[number] for number in order),
        markers=take.markers[:, order],
        marker_body=take.marker_body[order],
    )


def elsewhere(take: Take, ahead: float, right: float) -> Take:
    """The same in a laboratory whose origin lies elsewhere, m."""
    shift = np.array([ahead, 0.0, right])
    return take.changed(markers=take.markers + shift, corners=take.corners + shift)
