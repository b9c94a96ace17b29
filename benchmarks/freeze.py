"""``python -m benchmarks.freeze``: the second half of the pipeline on fixed files, from two trees.

::

    python -m benchmarks.freeze keep FOLDER [--athletes 2]            the demo's first half
    python -m benchmarks.freeze rerun STUDY.yaml TARGET --tree TREE   the second half, elsewhere
    python -m benchmarks.freeze compare BEFORE AFTER [--apart TABLE:COLUMN ...]

``rerun`` takes any study with results up to stage contributions (of recordings too), leaves it as
it is and runs what comes after with the code of a source tree. ``compare`` holds every table and
every NetCDF file of two such results against each other; 1 if one differs.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import yaml

from aqbio.io.dictionary import variables
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study, load_study
from aqbio.io.tables import MISSING, read_table
from aqbio.names import PARTICIPANT_STAGES, STUDY_STAGES

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "data" / "virtual_sprinters"
FIRST_HALF = PARTICIPANT_STAGES[: PARTICIPANT_STAGES.index("contributions") + 1]
SECOND_HALF = (*PARTICIPANT_STAGES[len(FIRST_HALF) :], *STUDY_STAGES)

COMPUTED, STORED = 1e-9, 1e-6
"""Relative difference that is none: of double precision; of tables with fewer digits."""

ROUND_OFF = 1e-13
"""Of the largest value of a column: sums in another order leave that in numbers near zero."""

SHORT = ("contribution_means", "uncertainty")
"""Tables with five significant digits."""

ORIGIN = frozenset({"stage", "inputs", "settings", "versions", "commit"})
"""Attributes that say where a file comes from, which differs between source trees."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One column or variable that is not the same.

    Attributes
    ----------
    table, column : str
    what : str
        With the number.
    """

    table: str
    column: str
    what: str

    def __str__(self) -> str:
        return f"{self.table}: {self.column}: {self.what}"


# comparing --------------------------------------------------------------------------------------


def differences(before: Path, after: Path) -> Iterator[Difference]:
    """Go through every table and NetCDF file of two results.

    Parameters
    ----------
    before, after : Path
        Folders of results; of the participants what stages steps and evidence write is compared.
    """
    names = [_compared(folder) for folder in (before, after)]
    if not all(names):
        raise SystemExit(f"nothing to compare: no tables in {before} or in {after}.")
    for name in sorted(names[0] ^ names[1]):
        yield Difference(name, "file", f"only {'before' if name in names[0] else 'after'}")
    for name in sorted(names[0] & names[1]):
        compare = _tables_apart if name.endswith(".tsv") else _datasets_apart
        yield from compare(name, before / name, after / name)


def _compared(folder: Path) -> set[str]:
    patterns = ("tables/*.tsv", "figures/*.tsv", "participants/*/evidence/*.nc")
    patterns += ("participants/*/steps/*.nc",)
    return {
        path.relative_to(folder).as_posix() for pattern in patterns for path in folder.glob(pattern)
    }


def _tables_apart(name: str, before: Path, after: Path) -> Iterator[Difference]:
    own, other = read_table(before), read_table(after)
    yield from _names_apart(name, "column", list(own.columns), list(other.columns))
    if len(own) != len(other):
        yield Difference(name, "rows", f"{len(own)} before, {len(other)} after")
        return
    limit = STORED if before.stem in SHORT else COMPUTED
    for column in own.columns.intersection(other.columns):
        if what := apart(_values(own[column]), _values(other[column]), limit):
            yield Difference(name, str(column), what)


def _values(column: pd.Series[object]) -> np.ndarray:
    """Numbers as such, text with missing cells as text."""
    if column.dtype.kind in "fiu":
        return column.to_numpy(dtype=np.float64)
    return column.astype(object).where(column.notna(), "n/a").to_numpy(dtype=str)


def _datasets_apart(name: str, before: Path, after: Path) -> Iterator[Difference]:
    own, other = read_dataset(before), read_dataset(after)
    known = variables(before.parent.name)
    yield from _names_apart(name, "variable", list(own.variables), list(other.variables))
    yield from _attributes_apart(name, own, other)
    for variable in own.variables:
        if variable not in other.variables:
            continue
        one, two = own[variable], other[variable]
        if one.dims != two.dims or one.shape != two.shape:
            what = f"{dict(one.sizes)} before, {dict(two.sizes)} after"
        else:
            stored = known[str(variable)].precision if str(variable) in known else 0.0
            what = apart(_plain(one.values), _plain(two.values), COMPUTED, stored)
        if what:
            yield Difference(name, str(variable), what)


def _plain(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float64 if values.dtype.kind in "fiub" else str)


def _attributes_apart(name: str, own: xr.Dataset, other: xr.Dataset) -> Iterator[Difference]:
    """Global attributes that are results: closures, modes, roles."""
    for key in sorted((set(own.attrs) | set(other.attrs)) - ORIGIN):
        one, two = (np.asarray(data.attrs.get(key, "absent")) for data in (own, other))
        if one.shape != two.shape:
            yield Difference(name, f"attribute {key}", f"{one} before, {two} after")
        elif what := apart(_plain(one), _plain(two), COMPUTED):
            yield Difference(name, f"attribute {key}", what)


def _names_apart(
    table: str, kind: str, own: Sequence[object], other: Sequence[object]
) -> Iterator[Difference]:
    for one in [x for x in own if x not in other]:
        yield Difference(table, str(one), f"this {kind} is gone")
    for one in [x for x in other if x not in own]:
        yield Difference(table, str(one), f"this {kind} is new")
    both = [x for x in own if x in other]
    if both != [x for x in other if x in own]:
        yield Difference(table, f"{kind}s", "are in another order")


def apart(own: np.ndarray, other: np.ndarray, limit: float, stored: float = 0.0) -> str:
    """What differs between two arrays of the same shape; empty where nothing does.

    Parameters
    ----------
    own, other : arrays of float or of text
    limit : float
        Relative difference that is none; NaN equals NaN.
    stored : float
        Difference that storing makes, in the unit of the numbers.

    Examples
    --------
    >>> apart(np.array([1.0, 2.0]), np.array([1.0, 2.0 + 1e-6]), 1e-9)
    '1 of 2 differ, at most by 5.0e-07 (2.0 before, 2.000001 after)'
    >>> apart(np.array(["a"]), np.array(["b"]), 1e-9)
    '1 of 1 differ (a before, b after)'
    """
    if own.dtype.kind != other.dtype.kind:
        return f"{'numbers' if own.dtype.kind == 'f' else 'text'} before, not after"
    if own.dtype.kind != "f":
        wrong = np.flatnonzero(own.ravel() != other.ravel())
        if not len(wrong):
            return ""
        one, two = own.ravel()[wrong[0]], other.ravel()[wrong[0]]
        return f"{len(wrong)} of {own.size} differ ({one} before, {two} after)"
    return _numbers_apart(own.ravel(), other.ravel(), limit, stored)


def _numbers_apart(own: np.ndarray, other: np.ndarray, limit: float, stored: float) -> str:
    size = np.fmax(np.abs(own), np.abs(other))
    finite = size[np.isfinite(size)]
    floor = stored + ROUND_OFF * (finite.max() if len(finite) else 0.0)
    known = np.isfinite(own) & np.isfinite(other)
    with np.errstate(invalid="ignore"):
        same = (own == other) | (np.isnan(own) & np.isnan(other))
        same |= known & (np.abs(own - other) <= limit * size + floor)
    wrong = np.flatnonzero(~same)
    if not len(wrong):
        return ""
    relative = np.where(known, np.abs(own - other), np.inf)[wrong] / size[wrong]
    worst = wrong[int(np.argmax(np.nan_to_num(relative, nan=np.inf)))]
    most = f", at most by {np.nanmax(relative):.1e}" if known[wrong].all() else ""
    return f"{len(wrong)} of {len(own)} differ{most} ({own[worst]} before, {other[worst]} after)"


# running ----------------------------------------------------------------------------------------


def keep(folder: Path, athletes: int) -> Path:
    """Write a study of the demo's first athletes, run its first half, and give its study.yaml.

    One trial of each kind: every speed, and with restricted arms.
    """
    folder.mkdir(parents=True)
    people, trials = (read_table(DEMO / f"{name}.tsv") for name in ("participants", "trials"))
    people = people.head(athletes)
    kept = trials["participant_id"].isin(people["participant_id"])
    kept &= trials["trial_id"].str.fullmatch(r"static|.*-01")
    for name, table in (("participants", people), ("trials", trials[kept])):
        table.to_csv(folder / f"{name}.tsv", sep="\t", index=False, na_rep=MISSING)
    settings = yaml.safe_load((DEMO / "study.yaml").read_text(encoding="utf-8"))
    file = folder / "study.yaml"
    settings["results"] = str(folder.absolute() / "results")
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    for name in people["participant_id"]:
        _aqbio(ROOT, "virtual", folder, "--participant", name)
    for stage in FIRST_HALF:
        _aqbio(ROOT, stage, file)
    return file


def rerun(file: Path, target: Path, tree: Path, stages: Sequence[str] = SECOND_HALF) -> Path:
    """Run the second half of a study elsewhere and give the folder of its results.

    Parameters
    ----------
    file : Path
        Its study.yaml; results up to stage contributions lie where its settings say.
    target : Path
        New folder; holds links to the fixed files, which no stage changes.
    tree : Path
        Source tree whose code runs.
    stages : sequence of str
    """
    study = load_study(file)
    fixed = study.root / "participants"
    moved = _moved(study, target)
    root = load_study(moved).root
    made = [stage for stage in stages if stage in PARTICIPANT_STAGES]
    gone = shutil.ignore_patterns(*made, *(f"{stage}.json" for stage in made))
    shutil.copytree(fixed, root / "participants", copy_function=os.link, ignore=gone)
    if (registry := study.root / "registry.json").is_file():
        shutil.copy(registry, root)  # else hypotheses would count as written after the data
    for stage in stages:
        _aqbio(tree, stage, moved)
    return root


def _moved(study: Study, target: Path) -> Path:
    """The study's sheets and settings in another folder, with results there."""
    target.mkdir(parents=True)
    for path in study.file.parent.iterdir():
        if path.suffix in (".yaml", ".tsv", ".json", ".osim") and path != study.file:
            shutil.copy(path, target)
    settings = yaml.safe_load(study.file.read_text(encoding="utf-8"))
    settings["results"] = str(target.absolute() / "results")
    settings.setdefault("files", {})["data"] = str(study.data.absolute())
    moved = target / "study.yaml"
    moved.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    return moved


def _aqbio(tree: Path, *words: object) -> None:
    """Run a command with the code of a source tree."""
    run = "from aqbio.cli import main; main()"
    command = [sys.executable, "-P", "-c", run, *map(str, words)]  # -P: not the tree we stand in
    environment = os.environ | {"PYTHONPATH": str(tree.absolute())}
    subprocess.run(command, env=environment, check=True)


def main(arguments: Sequence[str]) -> int:
    """Run one of the three commands; 1 where results differ."""
    options = _parser().parse_args(arguments)
    if options.command == "keep":
        print(keep(options.folder, options.athletes))
        return 0
    if options.command == "rerun":
        print(rerun(options.study, options.target, options.tree, options.stages.split(",")))
        return 0
    found = list(differences(options.before, options.after))
    expected = [one for one in found if f"{Path(one.table).stem}:{one.column}" in options.apart]
    for one in found:
        print(f"{'expected' if one in expected else 'DIFFERS'} {one}")
    print(f"{len(found) - len(expected)} differences, {len(expected)} expected ones")
    return 1 if len(found) > len(expected) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.freeze",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("keep")
    one.add_argument("folder", type=Path)
    one.add_argument("--athletes", type=int, default=2)
    one = commands.add_parser("rerun")
    one.add_argument("study", type=Path)
    one.add_argument("target", type=Path)
    one.add_argument("--tree", type=Path, default=ROOT)
    one.add_argument("--stages", default=",".join(SECOND_HALF))
    one = commands.add_parser("compare")
    one.add_argument("before", type=Path)
    one.add_argument("after", type=Path)
    one.add_argument("--apart", nargs="*", default=[], metavar="TABLE:COLUMN")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
