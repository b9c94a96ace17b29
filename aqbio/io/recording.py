"""What one trial's files contain, whatever their format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aqbio import boundary
from aqbio.errors import AqbioError, Finding, listed
from aqbio.force_plates.forces import PlateWrench
from aqbio.vectors import FloatArray


@dataclass(frozen=True, slots=True)
class ForceRecording:
    """Force plates of one trial, as recorded."""

    wrench: PlateWrench
    """On the runner if the file keeps to its standard; laboratory axes."""
    corners: FloatArray
    """(P, 4, 3) array, m. Laboratory axes; NaN where the file does not know them."""
    rate: float
    """Hz."""
    start: float
    """Instant of the first sample on the clock of the markers, s after their first frame."""
    names: tuple[str, ...]
    """tuple of P str. What the file calls each plate; of columns, the first one of its force."""
    numbers: tuple[int, ...]
    """tuple of P int. Plate numbers, from 1."""
    feet: tuple[str, ...]
    """tuple of P str. ``left`` or ``right`` where the file names the foot, otherwise empty."""
    lever: FloatArray | None = None
    """(P, 3) array, m. From the point about which a plate's moments were recorded to the point of
    its wrench; NaN, or None for all, where the file holds no such moments."""

    def __post_init__(self) -> None:
        """Refuse plates that are not described completely."""
        plates = len(self.wrench.point)
        if self.corners.shape != (plates, 4, 3):
            raise ValueError(f"corners have shape {self.corners.shape}, expected {(plates, 4, 3)}.")
        for name in ("names", "numbers", "feet"):
            if len(getattr(self, name)) != plates:
                raise ValueError(
                    f"{name} has {len(getattr(self, name))} entries for {plates} plates."
                )


@dataclass(frozen=True, slots=True)
class Recording:
    """Markers and forces of one trial, as recorded."""

    labels: tuple[str, ...]
    """tuple of M str. Without the subject's prefix; without unlabelled markers and model
    outputs."""
    positions: FloatArray
    """(T, M, 3) array, m. Laboratory axes; NaN where a marker is missing."""
    rate: float
    """Hz."""
    forces: ForceRecording | None = None
    findings: tuple[Finding, ...] = ()
    """What the reader noticed."""
    length_unit: float = 1.0
    """The file's unit of length that the positions were read with, m."""
    first_time: float = 0.0
    """Instant of the first frame on the file's own clock, s; 0 of a C3D file."""

    def __post_init__(self) -> None:
        """Refuse positions that do not belong to the labels."""
        if self.positions.shape[1:] != (len(self.labels), 3):
            raise ValueError(
                f"positions have shape {self.positions.shape} for {len(self.labels)} labels."
            )
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("labels repeat.")


FARTHEST = 1000.0
"""Markers farther than this from the laboratory's origin are no places: a run of 400 m, at its
largest extent 180 m, fits five times, m."""

FEW = 0.05
"""Share of positions that damage may have made impossible."""

STRONGEST = 1e5
"""A hundred times the weight of 100 kg, N: sprinters at top speed push with 2.65 times theirs, on
average over the first half of a contact (Clark & Weyand 2014, J. Appl. Physiol. 117:604). It tells
damage and wrong units from people. No limit of any plate: no data sheet was found for one."""


def possible_positions(
    positions: FloatArray, labels: Sequence[str], file: str
) -> tuple[FloatArray, list[Finding]]:
    """Marker positions (T, M, 3), m, without those that no camera sees, and what was left out."""
    with np.errstate(invalid="ignore"):
        impossible = np.asarray((np.abs(positions) > FARTHEST).any(axis=2))
    if not impossible.any():
        return positions, []
    if impossible.sum() > FEW * np.isfinite(positions).all(axis=2).sum():
        return positions, []  # another unit, which the size of the body contradicts and names
    names = [labels[index] for index in np.flatnonzero(impossible.any(axis=0)).tolist()]
    first = int(np.flatnonzero(impossible.any(axis=1))[0]) + 1
    finding = Finding(
        rule="marker-impossible",
        severity="warning",
        what=f"{impossible.sum()} positions of {listed(names)} lie beyond {FARTHEST:g} m: they are "
        "damaged, and taken as missing.",
        number=float(np.nanmax(np.abs(np.where(impossible[..., None], positions, np.nan)))),
        limit=FARTHEST,
        unit="m",
        file=file,
        where=f"from frame {first} on",
        fix="export the trial again; if all positions are wrong, state laboratory.marker_unit.",
        label=", ".join(names),
    )
    return np.where(impossible[..., None], np.nan, positions), [finding]


def refuse_impossible(force: FloatArray, name: str, file: str) -> None:
    """Refuse forces (F, 3), N, that nobody pushes with."""
    largest = float(np.abs(force).max(initial=0.0))
    if largest > STRONGEST:
        raise AqbioError(
            f"{name}: a force of {largest:.3g} N, more than {STRONGEST:.0f} N, a hundred "
            "times the weight of 100 kg: its unit or the file is wrong.",
            file=file,
            where=f"sample {int(np.abs(force).max(axis=1).argmax()) + 1}",
            fix="export the forces again, in newtons.",
            rule="force-impossible",
        )


def cannot_be_opened(path: Path, error: OSError) -> AqbioError:
    """Error for a recording that is not there or may not be read; see `aqbio.boundary`."""
    where = "check the columns file and force_file of trials.tsv and files.data of study.yaml."
    return boundary.cannot_be_opened(path, error, file=path.name, fix=where)
