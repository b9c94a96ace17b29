"""Commands about models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from aqbio.arguments import say
from aqbio.errors import AqbioError


def build_model(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the .osim files go.")],
    sex: Annotated[str, typer.Option(help="female, male or both.")] = "both",
) -> None:
    """Build our sprint model from published anthropometry; the folder's name says which."""
    from aqbio.opensim.sprint_model import FORMS, build_sprint_model

    sexes: tuple[Literal["female", "male"], ...] = ("female", "male")
    chosen = [name for name in sexes if sex in (name, "both")]
    if not chosen:
        raise AqbioError(f"sex {sex} is unknown.", fix="write female, male or both.")
    kind = folder.resolve().name if folder.resolve().name in FORMS else "sprint"
    for name in chosen:
        path = folder / f"{kind}_{name}.osim"
        build_sprint_model(path, name, form=FORMS[kind])
        say(f"wrote {path}")


def map_model(
    model: Annotated[Path, typer.Argument(metavar="OSIM", help="A model of your own.")],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the map goes; without it: shown.")
    ] = None,
) -> None:
    """Propose the map of a model: groups, feet, joints, coordinates of flexion and their signs."""
    from aqbio.intake.labelled_recordings import write_map
    from aqbio.intake.models import proposed_map

    proposed = proposed_map(model) if out is None else write_map(model, out)
    if out is None:
        typer.echo(proposed.text)
    for line in proposed.remarks:
        typer.echo(f"look: {line}", err=True)
    for line in proposed.open:
        typer.echo(f"please fill: {line}", err=True)
    if out is not None:
        say(f"wrote {out}")
