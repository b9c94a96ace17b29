"""The files of one trial, read by their format."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from aqbio.errors import AqbioError, Finding, listed
from aqbio.io.c3d import read_c3d, read_c3d_plates
from aqbio.io.mot_forces import MovingBodies, read_external_loads, read_force_storage
from aqbio.io.movement import depth_not_measured, frozen_positions, is_static, standing_part
from aqbio.io.qtm import read_qtm
from aqbio.io.recording import CaptureClock, ForceRecording, Recording
from aqbio.io.trc import read_marker_storage, read_trc


def read_recording(markers: Path, forces: Path | None = None, unit: str = "auto") -> Recording:
    """Read the markers of a trial and, where there are any, its forces.

    A force file replaces the plates of a C3D file; its time counts from the first frame. Plates of
    another C3D file begin where `CaptureClock` says.
    """
    suffix = markers.suffix.lower()
    if suffix == ".c3d":
        recording = read_c3d(markers, unit)
    elif suffix == ".trc":
        recording = read_trc(markers, unit)
    elif suffix == ".tsv":
        recording = read_qtm(markers, unit)
    elif suffix in (".sto", ".mot"):
        recording = read_marker_storage(markers, unit)
    else:
        raise AqbioError(
            f"a trial is a C3D, TRC or TSV file (of QTM), not “{suffix}”.",
            file=markers.name,
            fix="check the column file of trials.tsv.",
            rule="file-format",
        )
    _refuse_one_video(recording, markers.name)
    recording = _without_held(recording, markers.name)
    if forces is None:
        return recording
    if forces.suffix.lower() == ".c3d":
        loads, findings = _plates_beside(forces, recording.clock)
    else:
        loads, findings = read_forces(forces, recording.first_time)
    return replace(recording, forces=loads, findings=(*recording.findings, *findings))


STATIC_MOVES = "static-moves"
"""Rule of a static trial of which a part is used."""


def standing_recording(recording: Recording, file: str) -> Recording:
    """The part of a static trial in which the person stands, and a finding where it is not all."""
    if len(recording.positions) == 1:
        pose = Finding(
            rule="static-pose",
            severity="info",
            what="the static trial is one frame: its pose is used, and whether the person stood "
            "quietly is not seen.",
            number=1,
            unit="frames",
            file=file,
        )
        return replace(recording, findings=(*recording.findings, pose))
    if is_static(recording.positions):
        return recording
    part = standing_part(recording.positions, recording.rate)
    if part is None:
        return recording  # refused where the trial is prepared
    start, end = part.start / recording.rate, (part.stop - 1) / recording.rate
    finding = Finding(
        rule=STATIC_MOVES,
        severity="info",
        what=f"the person moves about and stands still from {start:.2f} to {end:.2f} s: only that "
        "part is used as the static trial.",
        number=end - start,
        unit="s",
        file=file,
        where=f"frames {part.start + 1} to {part.stop}",
    )
    forces = recording.forces
    return replace(
        recording,
        positions=recording.positions[part],
        first_time=recording.first_time + start,
        forces=None if forces is None else replace(forces, start=forces.start - start),
        findings=(*recording.findings, finding),
    )


def _without_held(recording: Recording, file: str) -> Recording:
    """The recording with positions that were written over gaps taken as missing, and named."""
    frozen = frozen_positions(recording.positions)
    if not frozen.any() or is_static(recording.positions):
        return recording
    labels = [recording.labels[index] for index in np.flatnonzero(frozen.any(axis=0))]
    frames = np.flatnonzero(frozen.any(axis=1)) + 1
    finding = Finding(
        rule="marker-held",
        severity="warning",
        what=f"{listed(labels)}: {frozen.sum()} positions repeat the one before or after them to "
        "the last digit while the body moves: they were written over gaps, and are taken as "
        "missing.",
        number=float(frozen.sum()),
        file=file,
        where=f"frames {frames[0]} to {frames[-1]}",
        fix="export gaps as gaps, or fill them by the movement of the other markers.",
        label=", ".join(labels),
    )
    positions = np.where(frozen[..., None], np.nan, recording.positions)
    return replace(recording, positions=positions, findings=(*recording.findings, finding))


def _refuse_one_video(recording: Recording, file: str) -> None:
    """Refuse positions of which one direction was not measured."""
    planar = depth_not_measured(recording.positions)
    if planar is None:
        return
    kind, across = planar
    lies = f"lie in one plane (lateral spread {1e3 * across:.0f} mm)"
    moves = f"move in one plane (lateral movement {1e3 * across:.1f} mm, each at one depth)"
    raise AqbioError(
        f"all markers of this recording {lies if kind == 'spread' else moves}: "
        "made from one video, in which the third direction was not measured.",
        file=file,
        fix="record with two or more cameras, or leave the recording out: angular momentum and "
        "joint angles in three dimensions cannot be computed from one view.",
        rule="markers-planar",
    )


def _plates_beside(path: Path, markers: CaptureClock) -> tuple[ForceRecording, list[Finding]]:
    """Plates of a C3D file beside the one of the markers, and a finding where both begin apart."""
    forces, plates, findings = read_c3d_plates(path)
    start = markers.start_of(plates)
    forces, by_frames = replace(forces, start=start), plates.start - markers.start
    if abs(by_frames) <= 0.5 * plates.frame:
        return forces, findings
    is_guess = start != by_frames
    side = "after" if start > 0.0 else "before"
    finding = Finding(
        rule="plates-begin",
        severity="warning" if is_guess else "info",
        what="the first frames of plates and markers have other numbers, and both files are of one "
        "length: they are taken to begin together."
        if is_guess
        else f"by the numbers of the first frames the plates begin {abs(start):.3f} s {side} the "
        "markers.",
        number=start,
        unit="s",
        file=path.name,
        fix="export markers and plates from the same frame on." if is_guess else "",
    )
    return forces, [*findings, finding]


def read_forces(
    path: Path, first_time: float, bodies: MovingBodies | None = None
) -> tuple[ForceRecording, list[Finding]]:
    """Read a force file, or the one that an external-loads file names; ``first_time`` in s.

    ``bodies``: those in whose axes the file of external loads may give its loads.
    """
    if path.suffix.lower() == ".c3d":
        raise AqbioError(
            "forces of a C3D file are in the axes of the laboratory, and joint angles in the "
            "ground of their model.",
            file=path.name,
            fix="write the forces as MOT, in the axes of the model's ground.",
            rule="file-format",
        )
    if path.suffix.lower() != ".xml":
        return read_force_storage(path, first_time)
    external = read_external_loads(path)
    try:
        forces, findings = read_force_storage(external.data, first_time, external.groups, bodies)
    except AqbioError as error:
        error.file, error.where = path.name, f"its datafile, {error.where}".rstrip(", ")
        raise
    located_findings = [
        replace(finding, file=path.name, where=f"its datafile, {finding.where}")
        for finding in findings
    ]
    return forces, [*external.findings, *located_findings]
