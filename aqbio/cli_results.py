"""Commands about results that are there."""

from __future__ import annotations

import sys

import typer

from aqbio.arguments import StudyFile, loaded_study


def verify(study: StudyFile) -> None:
    """Say which results are missing, damaged, outdated, or of nobody; `aqbio run` mends them."""
    from aqbio.records.verified import result_problems

    loaded = loaded_study(study)
    problems = result_problems(loaded)
    for problem in problems:
        typer.echo(str(problem), err=True)
    bad = sum(problem.kind != "foreign" for problem in problems)
    if bad:
        typer.echo(f"{bad} to be made again: `aqbio run {study}`.", err=True)
        sys.exit(1)
    typer.echo(f"{loaded.root}: every result is what its stage left, and up to date.")
