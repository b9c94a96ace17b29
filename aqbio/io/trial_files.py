"""The files of one trial, read by their format."""

from __future__ import annotations

from pathlib import Path

from aqbio.errors import AqbioError
from aqbio.io.mot_forces import read_force_storage
from aqbio.io.recording import Recording
from aqbio.io.trc import read_trc


def read_recording(markers: Path, forces: Path | None = None, unit: str = "auto") -> Recording:
    """Read the markers of a trial and, where there are any, its forces.

    Parameters
    ----------
    markers : Path
        C3D or TRC file.
    forces : Path or None
        MOT or STO file. Beside a C3D file it replaces the plates; its time then counts from the
        first frame.
    unit : {"auto", "m", "cm", "mm"}
        Unit of the markers.

    Raises
    ------
    AqbioError
        When a file cannot be read.
    """
    suffix = markers.suffix.lower()
    if suffix == ".c3d":
        from aqbio.io.c3d import read_c3d

        recording, first_time = read_c3d(markers, unit), 0.0
    elif suffix == ".trc":
        content = read_trc(markers, unit)
        first_time = content.first_time
        recording = Recording(
            content.labels,
            content.positions,
            content.rate,
            findings=content.findings,
            length_unit=content.length_unit,
        )
    else:
        raise AqbioError(
            f"a trial is a C3D or a TRC file, not “{suffix}”.",
            file=markers.name,
            fix="check the column file of trials.tsv.",
            rule="file-format",
        )
    if forces is None:
        return recording
    loads, findings = read_force_storage(forces, first_time)
    return Recording(
        recording.labels,
        recording.positions,
        recording.rate,
        loads,
        (*recording.findings, *findings),
        recording.length_unit,
    )
