"""Pages of the athletes, one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from aqbio.errors import AqbioError, Cause
from aqbio.figures.stance_means import kept_steps
from aqbio.figures.step_columns import step_columns
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from aqbio.names import ROLE_SIDES
from aqbio.records.internal import Parts
from aqbio.records.step_files import CURVES, step_file
from aqbio.report.athlete_page import AthleteContent, athlete_page, missing_page
from aqbio.report.cards import own_numbers
from aqbio.report.driven import fastest
from aqbio.report.lines import TrialLine, athlete_lines, trial_lines
from aqbio.report.own_curves import SideCurves, curves_drawing
from aqbio.report.page import PageContent
from aqbio.report.sections import rows
from aqbio.report.verdicts import verdict_section

if TYPE_CHECKING:
    import pandas as pd


def athlete_pages(study: Study, content: PageContent, parts: Parts) -> Iterator[tuple[str, str]]:
    """Pages of all athletes: identifier and HTML.

    Whatever breaks in one of them is told there, and the others are there.
    """
    edges = study.settings.figures.speed_edges_mps
    curves = _curves(study, content, edges)
    for made in athlete_contents(content, edges, curves):
        name = made.line.participant_id
        try:
            with parts.kept(f"athlete {name}"):
                text = athlete_page(made)
        except AqbioError as error:
            text = missing_page(name, error.what)
        yield name, text


def athlete_contents(
    content: PageContent, edges_mps: tuple[float, ...], curves: Mapping[str, SideCurves]
) -> Iterator[AthleteContent]:
    """What the pages show, athlete by athlete.

    Parameters
    ----------
    edges_mps : tuple of float
        Edges of the speed classes, m/s.
    curves : mapping
        Of both sides, by athlete.
    """
    names = [str(name) for name in content.people["participant_id"]]
    lines = athlete_lines(content.people, content.trials)
    trials: dict[str, list[TrialLine]] = {name: [] for name in names}
    for own in trial_lines(content.trials, content.replayed):
        trials[own.participant_id].append(own)
    verdicts = verdict_section(content.verdicts).verdicts
    numbers = own_numbers(content.verdicts.single)
    singles: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in names}
    for row in rows(content.verdicts.single):
        singles[str(row["participant_id"])][str(row["hypothesis"])] = row
    steps, quality = (_by_person(one) for one in (content.steps, content.quality))
    for number, (name, line) in enumerate(zip(names, lines, strict=True)):
        yield AthleteContent(
            line=line,
            trials=tuple(trials[name]),
            steps=steps.get(name, content.steps.iloc[:0]),
            quality=quality.get(name, content.quality.iloc[:0]),
            edges_mps=edges_mps,
            consistency=content.consistency[number],
            verdicts=verdicts,
            singles=singles[name],
            own=numbers,
            curves=curves_drawing(name, curves),
            figures=tuple(one for one in content.figures if one.participant_id == name),
            causes=tuple(one for one in content.causes if _concerns(one, name)),
            before=names[number - 1] if number else "",
            after=names[number + 1] if number + 1 < len(names) else "",
        )


def _by_person(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {str(name): own for name, own in table.groupby("participant_id", sort=False)}


def _concerns(cause: Cause, name: str) -> bool:
    return name in cause.trials


def _curves(
    study: Study, content: PageContent, edges_mps: tuple[float, ...]
) -> dict[str, SideCurves]:
    """Curves of both sides in contact about the vertical, of the fastest steps, by athlete."""
    kept = kept_steps(content.steps)
    column = fastest(list(step_columns(kept, edges_mps)))
    if column is None:
        return {}
    chosen = kept.iloc[column.rows]
    found = {}
    for name in map(str, content.people["participant_id"]):
        wanted = set(chosen.loc[chosen["participant_id"] == name, "trial_id"])
        if wanted:
            data = read_dataset(step_file(study, name, CURVES))
            own = data.isel(step=data["trial_id"].isin(list(wanted)).values)
            momentum = own["angular_momentum"].sel(phase="stance", axis="y")
            means = {side: momentum.sel(group=side).mean("step").values for side in ROLE_SIDES}
            found[name] = SideCurves(column.title, own.sizes["step"], means)
    return found
