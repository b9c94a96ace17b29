"""What commands take and how they speak."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from aqbio.io.study import Study

StudyFile = Annotated[
    Path, typer.Argument(metavar="STUDY", help="study.yaml, or the folder that holds it.")
]
OneParticipant = Annotated[
    str, typer.Option("--participant", metavar="ID", help="Only this participant.")
]

OnModel = Annotated[
    str, typer.Option("--model", metavar="NAME", help="On this one of the study's other models.")
]


def study_file(path: Path) -> Path:
    """The study.yaml that somebody means who names it or its folder."""
    return path / "study.yaml" if path.is_dir() else path


def loaded_study(path: Path) -> Study:
    """The study that somebody names."""
    from aqbio.io.study import load_study

    return load_study(study_file(path))


def say(line: str) -> None:
    """Write a line of progress: the log of a job, or the terminal."""
    typer.echo(f"{datetime.now():%H:%M:%S} {line}")
