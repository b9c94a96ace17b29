"""Virtual recordings as TRC and MOT files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aqbio.io.mot import write_storage
from aqbio.io.trc import write_trc
from aqbio.virtual.recording import Laboratory, VirtualRecording


def write_trc_and_mot(
    markers: Path, forces: Path, recording: VirtualRecording, laboratory: Laboratory
) -> None:
    """Write a recording as marker file and force file, both in laboratory axes and metres.

    Forces are given at the centres of the plates, with the full moment about them.
    """
    turn = laboratory.matrix.T
    write_trc(markers, recording.labels, recording.markers @ turn, recording.marker_rate)
    centres = recording.corners.mean(axis=1) @ turn
    columns, values = [], []
    for plate, centre in enumerate(centres):
        force, moment = recording.force[:, plate] @ turn, recording.moment[:, plate] @ turn
        for name, part in (
            ("force_v", force),
            ("force_p", np.broadcast_to(centre, force.shape)),
            ("torque_", moment),
        ):
            columns += [f"ground_{name}{axis}_{plate + 1}" for axis in "xyz"]
            values.append(part)
    columns = [_standard(name) for name in columns]
    time = np.arange(len(recording.force)) / recording.force_rate
    write_storage(forces, columns, time, np.hstack(values), in_degrees=False)


def _standard(name: str) -> str:
    """``ground_force_vx_3`` becomes ``3_ground_force_vx``, as in OpenSim's examples."""
    stem, number = name.rsplit("_", 1)
    return f"{number}_{stem}"
