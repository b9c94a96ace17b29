"""Ground reaction forces from storage files (.mot, .sto)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from aqbio.boundary import RECORDED, reads
from aqbio.errors import AqbioError, Finding
from aqbio.force_plates.application import LOADED, fixed_point_wrench
from aqbio.force_plates.forces import PlateWrench
from aqbio.io.clipped_channels import clipping_findings
from aqbio.io.clock import sampling_rate
from aqbio.io.force_columns import Axes, ForceGroup, force_groups, groups_by_name
from aqbio.io.mot import Storage, read_storage
from aqbio.io.recording import FARTHEST, ForceRecording, refuse_impossible
from aqbio.vectors import FloatArray

FAR = 20.0
"""Loaded points of application beyond this cannot be metres."""

WEAKEST = 15.0
"""Forces that never reach more are no steps in newtons."""

FREE_ARM = 1.0
"""A moment about the point of application above this arm times the force cannot be N m, m."""


@reads("a file of forces", "export the forces again.", RECORDED)
def read_force_storage(
    path: Path,
    first_time: float,
    described: Callable[[Sequence[str]], list[ForceGroup]] | None = None,
) -> tuple[ForceRecording, list[Finding]]:
    """Read forces whose marker file's first frame is at ``first_time``, s, of the same clock.

    Wrenches at a fixed point, axes as in the file; columns that are zero throughout are left out.
    """
    storage = read_storage(path)
    rate = sampling_rate(storage.time, path.name)
    findings: list[Finding] = []
    used: list[ForceGroup] = []
    parts: list[tuple[FloatArray, FloatArray, FloatArray]] = []
    groups = described(storage.columns) if described else []
    groups = groups or force_groups(storage.columns, path.name)
    for group in groups:
        force = _vectors(storage, group.force)
        _refuse_no_numbers(storage, force, group, path.name)
        refuse_impossible(force, f"force columns {group.force[0]}", path.name)
        if np.any(force):
            used.append(group)
            where = f"columns {group.force[0]} to {group.force[2]}"
            name = f"force columns {group.force[0]}"
            findings += clipping_findings(name, force, rate, path.name, where)
            parts.append(_wrench(storage, group, force, path.name, findings))
        else:
            findings.append(_finding("force-columns-zero", path.name, group, "all forces are zero"))
    kept = {group.force for group in groups}
    for group in groups_by_name(storage.columns, path.name):
        if group.force not in kept and np.any(_vectors(storage, group.force)):
            what = "the file of external loads does not name them: they are not used"
            findings.append(_finding("force-columns-left-out", path.name, group, what))
    samples, plates = len(storage.time), len(parts)
    forces = np.zeros((samples, plates, 3))
    moments, points = np.zeros_like(forces), np.zeros((plates, 3))
    for plate, (force, moment, point) in enumerate(parts):
        forces[:, plate], moments[:, plate], points[plate] = force, moment, point
    recording = ForceRecording(
        wrench=PlateWrench(forces, moments, points),
        corners=np.full((plates, 4, 3), np.nan),
        rate=rate,
        start=float(storage.time[0]) - first_time,
        names=tuple(group.force[0] for group in used),
        numbers=tuple(range(1, plates + 1)),
        feet=tuple(group.foot for group in used),
    )
    return recording, findings


def _vectors(storage: Storage, names: Axes | None) -> FloatArray:
    if names is None:
        return np.zeros((len(storage.time), 3))
    return np.column_stack([storage.column(name) for name in names])


def _refuse_no_numbers(storage: Storage, force: FloatArray, group: ForceGroup, file: str) -> None:
    """Refuse forces that are NaN or infinite: nobody knows what the plate carried there."""
    rows = np.flatnonzero(~np.isfinite(force).all(axis=1))
    if not len(rows):
        return
    first, last = (f"{storage.time[row]:.3f}" for row in (rows[0], rows[-1]))
    raise AqbioError(
        f"force columns {group.force[0]}: {len(rows)} of {len(force)} samples are no numbers.",
        file=file,
        where=f"columns {group.force[0]} to {group.force[2]}, from {first} to {last} s",
        fix="export the forces again; write 0 where nobody stands on the plate, or clear "
        "force_file to use the markers alone.",
        rule="force-no-number",
    )


def _wrench(
    storage: Storage, group: ForceGroup, force: FloatArray, file: str, findings: list[Finding]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Force, moment about a fixed point, and that point."""
    application, moment = _vectors(storage, group.point), _vectors(storage, group.moment)
    # a point of application is no number, or any, where nobody stands on the plate
    application = np.where(np.abs(application) <= 1e3 * FARTHEST, application, np.nan)
    refuse_impossible(moment * 1e-3, f"moments of force columns {group.force[0]}", file)
    unit = 1.0 if np.abs(force).max() > WEAKEST else 1e3  # kN, as the feet will show
    size = unit * np.linalg.norm(force, axis=1)
    if group.point is not None:
        loaded = size > LOADED
        if loaded.any() and np.nanmedian(np.abs(application[loaded]).max(axis=1)) > FAR:
            application = application * 1e-3
            findings.append(_finding("force-unit", file, group, "points are taken as mm"))
        arm = np.linalg.norm(moment[loaded], axis=1) / size[loaded]
        if loaded.any() and np.nanmedian(arm) > FREE_ARM:
            moment = moment * 1e-3
            findings.append(_finding("force-unit", file, group, "moments are taken as N mm"))
    if group.moment is None:
        findings.append(_finding("force-no-moment", file, group, "there are no free moments"))
    about, point, replaced = fixed_point_wrench(unit * force, application, moment)
    lost = replaced & (size > LOADED)
    if lost.any():
        what = (
            f"in {lost.sum()} samples of more than {LOADED:.0f} N the point of application is no "
            "number; the nearest one in time stands in"
        )
        findings.append(_finding("cop-missing", file, group, what))
    replaced &= ~lost
    if replaced.any():
        what = f"in {replaced.sum()} samples of small force the point of application is of no use"
        findings.append(_finding("cop-unloaded", file, group, what))
    return force, about / unit, point


FIXES = {
    "force-columns-left-out": "name the force file itself in force_file if they count.",
    "force-unit": "write points in m and moments in N m if that is wrong.",
    "cop-missing": "export the forces again, with the centres of pressure of all loaded samples.",
    "force-no-moment": "export the free moments: they matter for rotation about the vertical.",
}


def _finding(rule: str, file: str, group: ForceGroup, what: str) -> Finding:
    return Finding(
        rule=rule,
        severity="warning" if rule in FIXES else "info",
        what=f"force columns {group.force[0]}: {what}.",
        file=file,
        where=f"columns {group.force[0]} to {group.force[2]}",
        fix=FIXES.get(rule, ""),
    )
