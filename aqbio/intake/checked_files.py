"""Files that a study names: there or not, once or twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from aqbio.config import Trial, closest
from aqbio.errors import Finding
from aqbio.io.provenance import file_hash
from aqbio.io.study import CheckedStudy


def named_in(checked: CheckedStudy, line: int) -> str:
    """Name a line of the trials sheet."""
    return f"{checked.study.settings.files.trials}, line {line}"


def included(checked: CheckedStudy) -> list[tuple[Trial, int]]:
    """The trials that are not left out, and their lines."""
    rows = zip(checked.study.trials, checked.trial_lines, strict=True)
    return [(trial, line) for trial, line in rows if trial.include == "yes"]


def missing_files(checked: CheckedStudy) -> Iterator[Finding]:
    """Recordings that do not exist, with the file that was probably meant."""
    study = checked.study
    used = {path for one in study.trials for path in (one.source, one.force_file)}
    there = {
        path.relative_to(study.data).as_posix()
        for path in study.data.rglob("*")
        if path.suffix.lower() in (".c3d", ".trc", ".mot", ".sto")
    }
    for trial, line in included(checked):
        for path in (study.recording(trial), study.forces(trial)):
            if path is None or path.is_file():
                continue
            name = path.relative_to(study.data).as_posix() if _inside(path, study.data) else ""
            near = closest(name, there - used)
            fix = "correct the path in trials.tsv, or set include = no."
            yield Finding(
                rule="recording-missing",
                severity="error",
                what="the recording does not exist.",
                trial=trial.trial_id,
                participant=trial.participant_id,
                file=str(path),
                where=named_in(checked, line),
                fix=f"did you mean {near}? Otherwise {fix}" if near else fix,
            )


def repeated_files(checked: CheckedStudy) -> Iterator[Finding]:
    """Recordings that two trials name: the same file, or a copy of it under another name."""
    study = checked.study
    named = [
        (trial, line, path)
        for trial, line in included(checked)
        for path in (study.recording(trial), study.forces(trial))
        if path is not None
    ]
    sizes = Counter(path.stat().st_size for path in {one[2] for one in named} if path.is_file())
    first: dict[str, tuple[Trial, int, Path]] = {}
    for trial, line, path in named:
        other, above, twin = first.setdefault(_content(path, sizes), (trial, line, path))
        if above == line:
            continue
        same = f"name the same file {path.name}"
        if path != twin:
            same = f"name {twin.name} and {path.name}, which hold the same to the byte"
        yield Finding(
            rule="recording-twice",
            severity="error",
            what=f"trials {other.trial_id} of {other.participant_id} and {trial.trial_id} "
            f"of {trial.participant_id} {same}.",
            trial=trial.trial_id,
            participant=trial.participant_id,
            file=str(study.sheet("trials")),
            where=f"lines {above} and {line}",
            fix="correct one of the paths, or set include = no for one of them.",
        )


def _content(path: Path, sizes: Mapping[int, int]) -> str:
    """What tells a file from others: its content where another file has its size, else its path."""
    alone = not path.is_file() or sizes[path.stat().st_size] < 2 or not path.stat().st_size
    return str(path) if alone else file_hash(path)


def _inside(path: Path, folder: Path) -> bool:
    return path.is_relative_to(folder)
