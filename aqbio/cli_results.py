"""Commands about results that are there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aqbio.arguments import StudyFile, loaded_study

if TYPE_CHECKING:
    from aqbio.io.study import Study

Archive = Annotated[
    Path | None,
    typer.Option(metavar="ARCHIVE", help="Hold every number against this archive of the study."),
]


def verify(
    study: StudyFile,
    against: Archive = None,
    tolerance: Annotated[
        float | None,
        typer.Option(help="With --against: what numbers may differ by, of a column's largest."),
    ] = None,
) -> None:
    """Say which results are missing, damaged, outdated, or of nobody; `aqbio run` mends them."""
    from aqbio.study.internal import contained
    from aqbio.study.verified import result_problems

    loaded = loaded_study(study)
    with contained(loaded, "verify"):
        problems = result_problems(loaded)
    for problem in problems:
        typer.echo(str(problem), err=True)
    bad = sum(problem.kind != "foreign" for problem in problems)
    if bad:
        typer.echo(f"{bad} to be made again: `aqbio run {study}`.", err=True)
        sys.exit(1)
    typer.echo(f"{loaded.root}: every result is what its stage left, and up to date.")
    if against is not None:
        with contained(loaded, "verify"):
            _verify_against(loaded, against, tolerance)


def _verify_against(study: Study, archive: Path, tolerance: float | None) -> None:
    from aqbio.study.reproduced import TOLERANCE, compared

    tolerance = TOLERANCE if tolerance is None else tolerance
    found = compared(study, archive, tolerance)
    typer.echo(f"{found.same} tables have the same bytes as in {archive}.")
    for line in found.close:
        typer.echo(f"within {tolerance:g}: {line}")
    for line in found.different:
        typer.echo(f"different: {line}", err=True)
    typer.echo(f"{found.drawn} of {found.figures} drawings have the same bytes.")
    for line in found.reasons:
        typer.echo(f"not as it was: {line}")
    if found.different:
        told = "see above what is not as it was" if found.reasons else "nothing known explains it"
        typer.echo(f"{len(found.different)} differences; {told}.", err=True)
        sys.exit(1)
    typer.echo(f"every number is reproduced within {tolerance:g} of its column's largest.")


def archive(
    study: StudyFile,
    to: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where it goes; NAME.zip without.")
    ] = None,
) -> None:
    """Keep tables, figures, records and settings in one file: no raw data, no names of persons."""
    from aqbio.study.archive import write_archive

    loaded = loaded_study(study)
    path = to or Path(f"{loaded.settings.name}.zip")
    count = write_archive(loaded, path)
    typer.echo(f"wrote {path}: {count} files, {path.stat().st_size / 2**20:.1f} MB.")
