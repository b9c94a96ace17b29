"""The numbers of a study held against an archive of it, and why they differ where they do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.errors import listed
from aqbio.io.study import Study
from aqbio.io.tables import MISSING, read_table
from aqbio.study.archive import facts, unpacked

if TYPE_CHECKING:
    import pandas as pd

TOLERANCE = 1e-6
"""Of the largest value of a column: other processors and libraries sum in another order, which
eigenvalues and fits make up to a thousand times larger than the 1e-15 of one sum; the smallest
difference that anybody reads is 1e-3."""

COMPARED_FACTS = ("aqbio", "commit", "versions", "settings", "rows", "inputs")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Results of a study beside an archive of it."""

    same: int
    """Tables with the same bytes."""
    close: tuple[str, ...]
    """Tables whose numbers differ by less than the tolerance, each with its largest difference."""
    different: tuple[str, ...]
    """What differs in the others, in words: one line per column."""
    drawn: int
    """Figures with the same bytes as in the archive."""
    figures: int
    reasons: tuple[str, ...]
    """Everything that the numbers follow from and that is not as it was."""


def compared(study: Study, archive: Path, tolerance: float = TOLERANCE) -> Comparison:
    """Compare every table with an archive's, relative to a column's largest value."""
    with TemporaryDirectory(prefix="aqbio-archive-") as folder:
        before = Path(folder)
        known = unpacked(archive, before)
        ours, theirs = _files(study.root, ".tsv"), _files(before, ".tsv")
        different = [f"{name}: only in the archive" for name in sorted(theirs - ours)]
        different += [f"{name}: not in the archive" for name in sorted(ours - theirs)]
        same, close = 0, []
        for name in sorted(ours & theirs):
            here, there = study.root / name, before / name
            if here.read_bytes() == there.read_bytes():
                same += 1
                continue
            largest, differences = _differences(read_table(here), read_table(there), tolerance)
            different += [f"{name}: {one}" for one in differences]
            close += (
                [] if differences else [f"{name} ({largest:.1g} of the largest value of a column)"]
            )
        drawn = _files(before, ".svg") | _files(before, ".pdf")
        alike = [name for name in drawn if _same(study.root / name, before / name)]
    reasons = _reasons(facts(study), known)
    return Comparison(same, tuple(close), tuple(different), len(alike), len(drawn), tuple(reasons))


def _files(root: Path, suffix: str) -> set[str]:
    places = (path for name in ("tables", "figures") for path in (root / name).glob(f"*{suffix}"))
    return {path.relative_to(root).as_posix() for path in places}


def _same(one: Path, other: Path) -> bool:
    return one.is_file() and one.read_bytes() == other.read_bytes()


def _differences(
    here: pd.DataFrame, there: pd.DataFrame, tolerance: float
) -> tuple[float, list[str]]:
    """Largest difference of numbers, of their column's largest value, and what is beyond it."""
    if list(here.columns) != list(there.columns):
        return np.inf, ["it has other columns"]
    if len(here) != len(there):
        return np.inf, [f"{len(here)} rows, {len(there)} in the archive"]
    largest, differences = 0.0, []
    for name in here.columns:
        ours, theirs = here[name], there[name]
        if all(column.dtype.kind in "iufb" for column in (ours, theirs)):
            apart = _apart(ours.to_numpy(dtype=float), theirs.to_numpy(dtype=float))
        else:
            words = (column.astype(str).fillna(MISSING).to_numpy() for column in (ours, theirs))
            apart = np.where(np.not_equal(*words), np.inf, 0.0)
        if (beyond := apart > tolerance).any():
            row = int(apart.argmax())
            differences.append(
                f"{beyond.sum()} of {len(apart)} cells of {name}, most in row {row + 1}: "
                f"{ours.iloc[row]}, {theirs.iloc[row]} in the archive"
            )
        else:
            largest = max(largest, float(apart.max(initial=0.0)))
    return largest, differences


def _apart(ours: np.ndarray[Any, Any], theirs: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Differences of the largest value; infinite where one is missing or infinite alone."""
    with np.errstate(invalid="ignore"):
        scale = np.abs(theirs[np.isfinite(theirs)]).max(initial=0.0)
        apart = np.abs(ours - theirs) / (scale or 1.0)
    alike = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    return np.where(alike, 0.0, np.where(np.isfinite(apart), apart, np.inf))


def _reasons(here: Mapping[str, Any], there: Mapping[str, Any]) -> Iterator[str]:
    """What differs of what results follow from: settings, rows, recordings, versions."""
    for part in COMPARED_FACTS:
        ours, theirs = (dict(_flat(part, one.get(part))) for one in (here, there))
        names = [name for name in {**theirs, **ours} if ours.get(name) != theirs.get(name)]
        if part == "inputs" and names:
            yield f"other files: {listed([name.removeprefix('inputs.') for name in names])}"
            continue
        for name in names:
            yield f"{name}: {ours.get(name, 'none')}, {theirs.get(name, 'none')} in the archive"


def _flat(name: str, content: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(content, Mapping):
        for key, value in content.items():
            yield from _flat(f"{name}.{key}", value)
    else:
        yield name, content
