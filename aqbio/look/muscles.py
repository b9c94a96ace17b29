"""Muscle forces of the user's own optimisation: read, and converted into generalised forces.

Forces are as the file states them, by static optimisation, CMC or Moco; nothing is optimised here.
What they leave of a joint's moment stays with the joint.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aqbio.errors import AqbioError, Finding, listed
from aqbio.io.mot import Storage, read_storage
from aqbio.look.inputs import ModelInMotion
from aqbio.opensim.muscles import generalised_tensions, muscle_names, tensions_of_activations
from aqbio.vectors import BoolArray, FloatArray

FORCE, ACTIVATION = "force", "activation"

KINDS = {
    "": FORCE,
    "actuation": FORCE,
    "force": FORCE,
    "tendon_force": FORCE,
    "activation": ACTIVATION,
}
"""What a column holds, by the last part of its name behind the muscle's."""

MAX_ACTIVATION = 1.5
"""Activations are at most 1; muscle forces of which none is larger than this are no newtons."""

MAX_REST_SHARE = 0.5
"""Share (RMS) of a joint's moment that muscles may leave before it is a warning: 0.08 to 0.25 of a
run's static optimisation at 15 Hz, taken at 20 Hz; 0.5 to 1.25 of its activations, which it means
for rigid tendons, in muscles with elastic ones."""

MAX_FORCE_N = 1e5
"""Largest force of a muscle that is read; no person's is a tenth of it."""

MAX_NEGATIVE_FORCE_N = 1.0
"""Largest negative force that rounding of an optimisation leaves."""

MIN_SHARE_OF_MOTION = 0.05
"""A file of muscles must cover more than this share of the motion."""


@dataclass(frozen=True)
class MuscleForces:
    """Generalised forces of muscles at the times of a motion."""

    forces: Mapping[str, FloatArray]
    """(T, C) array by muscle, N m or N; 0 outside the muscle file."""
    covered: BoolArray
    """(T,) bool array. Frames that the muscle file covers."""
    findings: tuple[Finding, ...]


def read_muscles(path: Path, moving: ModelInMotion) -> MuscleForces:
    """Read muscle forces or activations of a motion, and turn them into generalised forces."""
    storage, names = read_storage(path), muscle_names(moving.model)
    columns, kind = muscle_columns(storage, names, path.name)
    refuse_impossible_muscles(storage, columns, path.name)
    time = moving.time + moving.start
    covered = (time >= storage.time[0] - 1e-9) & (time <= storage.time[-1] + 1e-9)
    if covered.mean() < MIN_SHARE_OF_MOTION:
        raise AqbioError(
            f"the muscles are known from {storage.time[0]:.3f} to {storage.time[-1]:.3f} s, the "
            f"motion from {time[0]:.3f} to {time[-1]:.3f} s: they share no time.",
            file=path.name,
            fix="give the muscle forces of this motion, on its clock.",
            rule="muscle-clock",
        )
    values = {
        name: np.interp(time, storage.time, storage.column(column))
        for name, column in columns.items()
    }
    motion = moving.solution.motion
    if kind == ACTIVATION:
        values = tensions_of_activations(moving.model, moving.skeleton, motion, values)
    values = {name: np.where(covered, tension, 0.0) for name, tension in values.items()}
    forces = generalised_tensions(moving.model, moving.skeleton, motion, values)
    findings = _findings(moving, forces, covered, sorted(set(names) - set(columns)), path.name)
    return MuscleForces(forces, covered, tuple(findings))


def muscle_columns(
    storage: Storage, names: tuple[str, ...], file: str
) -> tuple[dict[str, str], str]:
    """Column of each muscle that the file has, and whether they are forces or activations."""
    by_kind: dict[str, dict[str, str]] = {FORCE: {}, ACTIVATION: {}}
    for column in storage.columns:
        parts = re.split(r"[/|.]", column.strip("/"))
        for index, part in enumerate(parts):
            if part in names and (kind := KINDS.get("_".join(parts[index + 1 :]))):
                first = by_kind[kind].setdefault(part, column)
                if not np.allclose(storage.column(first), storage.column(column), equal_nan=True):
                    raise _wrong(f"{part} has two columns: {first} and {column}.", file)
    if by_kind[ACTIVATION]:  # a solution of Moco has excitations by the plain names beside them
        return by_kind[ACTIVATION], ACTIVATION
    columns = by_kind[FORCE]
    if not columns:
        examples = listed(list(names[:3]))
        raise AqbioError(
            f"no column is a muscle of the model, such as {examples}."
            if names
            else "the model has no muscles.",
            file=file,
            where="column names",
            fix="give muscle forces of this model, from static optimisation, CMC or Moco.",
            rule="muscle-columns",
        )
    largest = max(float(np.abs(storage.column(column)).max()) for column in columns.values())
    return columns, ACTIVATION if largest <= MAX_ACTIVATION else FORCE


def refuse_impossible_muscles(storage: Storage, columns: Mapping[str, str], file: str) -> None:
    """Refuse times that go back, and values that no muscle has."""
    late = np.flatnonzero(np.diff(storage.time) < 0.0)
    if len(late):
        before, after = storage.time[late[0]], storage.time[late[0] + 1]
        raise _wrong(f"the time {after:g} s follows {before:g} s.", file)
    for column in columns.values():
        values = storage.column(column)
        impossible = ~(np.abs(values) <= MAX_FORCE_N) | (values < -MAX_NEGATIVE_FORCE_N)
        if impossible.any():
            row = int(np.argmax(impossible))
            raise _wrong(
                f"{column} is {values[row]:g} at {storage.time[row]:g} s: a muscle pulls with 0 to "
                f"{MAX_FORCE_N:g} N.",
                file,
            )


def _wrong(what: str, file: str) -> AqbioError:
    fix = "write one row per instant and one column per muscle, from the optimisation as it ran."
    return AqbioError(what, file=file, fix=fix, rule="muscle-values")


def _findings(
    moving: ModelInMotion,
    forces: Mapping[str, FloatArray],
    covered: BoolArray,
    missing: list[str],
    file: str,
) -> list[Finding]:
    """Findings on muscles that the file lacks, and on what the muscles leave of joint moments."""
    findings = []
    if missing:
        findings.append(
            Finding(
                rule="muscles-missing",
                severity="warning",
                what=f"the file has no column of {listed(missing)}: their forces stay with the "
                "joints.",
                file=file,
                number=float(len(missing)),
                unit="muscles",
            )
        )
    left = rest_of_moments(moving, forces, covered)
    words = ", ".join(f"{name} {100 * share:.0f} %" for name, share in left.items())
    largest = max(left.values(), default=0.0)
    findings.append(
        Finding(
            rule="muscles-rest",
            severity="warning" if largest > MAX_REST_SHARE else "info",
            what=f"{len(forces)} muscles; root mean square that they leave of the moment of each "
            f"sagittal coordinate: {words}. It stays with the joint as a source of its own.",
            file=file,
            number=largest,
            limit=MAX_REST_SHARE,
            unit="1",
            fix="use the cut-off of the optimisation (--cutoff); give muscle forces rather than "
            "activations, which static optimisation means for rigid tendons.",
        )
    )
    return findings


def rest_of_moments(
    moving: ModelInMotion, forces: Mapping[str, FloatArray], covered: BoolArray
) -> dict[str, float]:
    """Share (RMS) of the moments of sagittal coordinates of the legs that muscles do not make."""
    skeleton, total = moving.skeleton, moving.solution.forces
    muscle_moments = np.sum(list(forces.values()), axis=0)
    shares = {}
    for joint in ("hip", "knee", "ankle"):
        names = moving.model_map.sagittal.get(joint)
        for side, name in names.model_dump().items() if names is not None else ():
            index = skeleton.coordinates.index(name)
            used = covered & np.isfinite(total[:, index])
            moment, rest = total[used, index], (total - muscle_moments)[used, index]
            size = float(np.sqrt((moment**2).sum()))
            shares[f"{side} {joint}"] = float(np.sqrt((rest**2).sum())) / size if size else 0.0
    return shares
