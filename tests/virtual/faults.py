"""Faults of input that a pipeline must notice: a closure cannot, the residual absorbs them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aqbio.virtual.recording import VirtualRecording

FOOT_MARKERS = ("HEE", "MT5", "MT1", "TOE")
CLOCK_FAULT = 0.030
"""The forces are this much late, s."""


def plate_force_sign(recording: VirtualRecording) -> VirtualRecording:
    """The force on the plates instead of that on the runner."""
    return recording.changed(force=-recording.force, moment=-recording.moment)


def free_moment_sign(recording: VirtualRecording) -> VirtualRecording:
    """Turn the free moment round; forces and centres of pressure stay."""
    force, moment = recording.force, recording.moment.copy()
    vertical = force[..., 1]
    loaded = vertical > 1.0
    safe = np.where(loaded, vertical, 1.0)
    along, across = moment[..., 2] / safe, -moment[..., 0] / safe
    of_force = across * force[..., 0] - along * force[..., 2]
    free = np.where(loaded, moment[..., 1] - of_force, 0.0)
    moment[..., 1] -= 2.0 * free
    return recording.changed(moment=moment)


def swapped_feet(recording: VirtualRecording) -> VirtualRecording:
    """Exchange the labels of both feet."""
    markers = recording.markers.copy()
    for name in FOOT_MARKERS:
        pair = [recording.labels.index("R" + name), recording.labels.index("L" + name)]
        markers[:, pair] = markers[:, pair[::-1]]
    return recording.changed(markers=markers)


def swapped_markers(recording: VirtualRecording) -> VirtualRecording:
    """Exchange two markers of the right thigh."""
    pair = [recording.labels.index("RTH1"), recording.labels.index("RKNL")]
    markers = recording.markers.copy()
    markers[:, pair] = markers[:, pair[::-1]]
    return recording.changed(markers=markers)


def clock_30_ms(recording: VirtualRecording) -> VirtualRecording:
    """Let the forces be 30 ms late; what is missing at the start is unloaded."""
    late = round(CLOCK_FAULT * recording.force_rate)
    parts = {
        name: np.concatenate((np.zeros_like(values[:late]), values[:-late]))
        for name, values in (("force", recording.force), ("moment", recording.moment))
    }
    return recording.changed(**parts)


FAULTS: dict[str, Callable[[VirtualRecording], VirtualRecording]] = {
    "plate_force_sign": plate_force_sign,
    "free_moment_sign": free_moment_sign,
    "swapped_feet": swapped_feet,
    "swapped_markers": swapped_markers,
    "clock_30_ms": clock_30_ms,
}
"""Faults by name."""
