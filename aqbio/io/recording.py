"""What one trial's files contain, whatever their format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aqbio.errors import AqbioError, Finding
from aqbio.mechanics.force_plates.forces import PlateWrench
from aqbio.mechanics.vectors import FloatArray


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

    def __post_init__(self) -> None:
        """Refuse positions that do not belong to the labels."""
        if self.positions.shape[1:] != (len(self.labels), 3):
            raise ValueError(
                f"positions have shape {self.positions.shape} for {len(self.labels)} labels."
            )
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("labels repeat.")


def cannot_be_opened(path: Path, error: OSError) -> AqbioError:
    """Error for a recording that is not there or may not be read."""
    return AqbioError(
        f"the file cannot be opened ({error.strerror}).",
        file=path.name,
        fix="check the columns file and force_file of trials.tsv and files.data of study.yaml.",
        rule="file-missing",
    )
