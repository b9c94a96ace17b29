"""The pages of a study, section by section: each is made by itself, what fails says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from aqbio.errors import SEVERITIES, AqbioError, Cause
from aqbio.pages.filters import ASSETS, CONTENT_SECURITY, environment, rows
from aqbio.pages.fit import sessions
from aqbio.pages.how_sure import SOURCES as SURE_SOURCES
from aqbio.pages.how_sure import how_sure
from aqbio.pages.methods import GLOSSARY, Origin, methods_text
from aqbio.pages.quality import (
    cautions,
    closure_summary,
    closures,
    quality_tables,
    residuals,
)
from aqbio.pages.stance import (
    SpeedColumn,
    effect_columns,
    fastest,
    joint_words,
    present_carriers,
    present_sides,
    speed_columns,
)
from aqbio.pages.summary import athlete_lines, study_summary, trial_lines
from aqbio.pages.verdicts import VerdictTables, verdict_section

Contain = Callable[[str], AbstractContextManager[None]]
"""Gives what turns any exception inside, by the name of the part, into an `AqbioError`."""

_MISSING = Markup(
    '<section class="missing"><h2>A part of this page is missing</h2>\n<p>{}</p></section>\n'
)


class Sections:
    """Values and sections of a page, each made by itself."""

    def __init__(self, environment: jinja2.Environment, contain: Contain) -> None:
        self.environment, self.contain = environment, contain
        self.missing: set[str] = set()
        environment.globals["section"] = self.section

    def value(self, name: str, make: Callable[[], Any]) -> Any:
        """Make a value of the page; where that fails, a section that asks for it says why."""
        try:
            with self.contain(name):
                made = self._made(make)
        except AqbioError as error:
            self.missing.add(error.what)
            made = self.environment.undefined(hint=error.what)
        self.environment.globals[name] = made
        return made

    def _made(self, make: Callable[[], Any]) -> Any:
        """Make a value; one that rests on a missing one is missing for the same reason."""
        try:
            return make()
        except jinja2.UndefinedError as error:
            if str(error) not in self.missing:
                raise
            return self.environment.undefined(hint=str(error))

    def section(self, template: str) -> Markup:
        """Render a section, or say why it is missing."""
        try:
            with self.contain(template):
                return self._rendered(template)
        except AqbioError as error:
            return _MISSING.format(error.what)

    def _rendered(self, template: str) -> Markup:
        try:
            return Markup(self.environment.get_template(template).render())
        except jinja2.UndefinedError as error:
            if str(error) not in self.missing:
                raise
            return _MISSING.format(str(error))


AGREEMENT = "agreement"
FEW = 2
"""Participants, and columns told in words, that a page shows without folding."""

SHOWN_CAUSES = 10
"""Causes of one severity that a page tells at once: about a screen; the others are folded."""


def _uncontained(_: str) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True, slots=True)
class FigureOnPage:
    """A figure with the words and files that belong to it."""

    name: str
    title: str
    caption: str
    alternative_text: str
    picture: str
    """Address of the drawing, or the drawing itself; empty where the study does not write SVG."""
    size: tuple[int, int]
    """Width and height of the drawing, CSS pixels: room that a page keeps while it loads."""
    links: tuple[tuple[str, str], ...]
    """tuple of (words, relative address)."""
    section: str
    """{"verdicts", "agreement", "study"}."""


@dataclass(frozen=True, slots=True)
class PageContent:
    """Everything that the page shows."""

    title: str
    authors: str
    study: str
    roles: str
    """Who is on the push side and who on the swing side."""
    participants: int
    """Number of rows of the participants sheet."""
    people: pd.DataFrame
    """The participants sheet."""
    replayed: frozenset[tuple[str, str]]
    """(participant, trial) of those that have a page of their own."""
    steps: pd.DataFrame
    trials: pd.DataFrame
    quality: pd.DataFrame
    """steps, trials, quality: The study's tables."""
    uncertainty: pd.DataFrame
    model_differences: pd.DataFrame
    """uncertainty, model_differences: The study's tables."""
    causes: tuple[Cause, ...]
    """What was found in all stages."""
    means: pd.DataFrame
    """As from `aqbio.figures.step_means.stance_means`."""
    caused: pd.DataFrame
    """Numbers of the figure of caused rotation; empty without one."""
    consistency: tuple[Mapping[str, Any], ...]
    """What stage consistency made of every participant: its manifests; one file alone tells it."""
    verdicts: VerdictTables
    """What stage hypotheses concluded."""
    figures: tuple[FigureOnPage, ...]
    origin: Origin


def one_page(content: PageContent, contain: Contain = _uncontained) -> str:
    """Write everything as one HTML file; a section that fails says so."""
    made = _environment(content, contain, single=True)
    made.globals |= {
        "security": CONTENT_SECURITY["single"],
        "at": lambda section: f"#{section}",
        "style": Markup((ASSETS / "style.css").read_text(encoding="utf-8")),
    }
    return made.get_template("page.html.j2").render()


def study_pages(content: PageContent, contain: Contain = _uncontained) -> Iterator[tuple[str, str]]:
    """Write the pages of the study: name of the file and HTML, one after the other."""
    made = _environment(content, contain, single=False)
    for name, title in TITLES.items():
        made.globals |= {
            "security": CONTENT_SECURITY["folder"],
            "at": partial(_address, name),
            "root": "",
            "here": name,
            "titles": TITLES,
            "title": title,
        }
        yield f"{name}.html", made.get_template(f"{name}.html.j2").render()


TITLES = {
    "index": "Study",
    "results": "Results",
    "explorer": "Explorer",
    "compare": "Side by side",
    "quality": "Quality",
    "methods": "Methods and words",
}
"""Pages of the study, and what they are called."""

PLACES = {
    "summary": "index",
    "trials": "index",
    "verdicts": "results",
    "deviations": "results",
    "quality": "quality",
    "sure": "quality",
    "findings": "quality",
    "closures": "quality",
}
"""Page on which a section is found."""


def _address(page: str, section: str) -> str:
    """Where a section is, seen from a page."""
    other = PLACES[section]
    return f"#{section}" if other == page else f"{other}.html#{section}"


def _environment(content: PageContent, contain: Contain, *, single: bool) -> jinja2.Environment:
    """Templates with everything that sections show; every step and measure in one file alone."""
    made = environment()
    made.globals["single"] = single
    made.globals |= {"joint_words": joint_words, "few": FEW, "shown_causes": SHOWN_CAUSES}
    made.globals["sure_sources"] = SURE_SOURCES
    made.globals["sure_shorts"] = [short for short, _ in SURE_SOURCES.values()]
    figures = _figures(content.figures)
    values = Sections(made, contain)
    columns = values.value("columns", lambda: speed_columns(content.means))
    driven = values.value(
        "driven", lambda: effect_columns(content.caused, compared=_compared(content))
    )
    values.value("driven_sides", lambda: present_sides(driven))
    values.value("fastest", lambda: fastest(driven))
    values.value("fastest_carried", lambda: fastest(columns))
    values.value("verdicts", lambda: verdict_section(content.verdicts))
    values.value("carriers", lambda: present_carriers(columns))
    values.value(
        "summary", lambda: study_summary(content.participants, content.trials, content.steps)
    )
    if single:
        values.value("step_rows", lambda: rows(content.steps))
        values.value("quality", lambda: quality_tables(content.quality))
        values.value("sessions", lambda: sessions(content.consistency, residuals(content.quality)))
        values.value("closures", lambda: rows(closures(content.quality)))
    values.value("residuals", lambda: residuals(content.quality))
    values.value("cautions", lambda: cautions(content.quality, content.causes))
    values.value("how_sure", lambda: how_sure(content.uncertainty, content.model_differences))
    values.value("closure_summary", lambda: closure_summary(content.quality))
    values.value("causes", lambda: _by_severity(content.causes))
    values.value("methods", lambda: _methods(content))
    values.value("joint_roles", lambda: _joint_roles(columns))
    values.value("people", lambda: athlete_lines(content.people, content.trials))
    values.value("trial_lines", lambda: trial_lines(content.trials, content.replayed))
    made.globals |= {
        "content": content,
        "glossary": GLOSSARY,
        "verdict_figures": figures["verdicts"],
        "study_figures": figures["study"],
        "numbers": _numbers(figures),
        "agreement_figure": next(iter(figures[AGREEMENT]), None),
    }
    return made


def _figures(figures: tuple[FigureOnPage, ...]) -> dict[str, list[FigureOnPage]]:
    """Sort the figures into the sections of the page, in the order of the sections."""
    found: dict[str, list[FigureOnPage]] = {part: [] for part in ("verdicts", AGREEMENT, "study")}
    for figure in figures:
        found[figure.section].append(figure)
    return found


def _numbers(figures: Mapping[str, list[FigureOnPage]]) -> dict[str, int]:
    """Number the figures as they follow each other on the page."""
    names = [figure.name for part in figures.values() for figure in part]
    return {name: number for number, name in enumerate(names, start=1)}


def _by_severity(found: tuple[Cause, ...]) -> dict[str, list[Cause]]:
    return {one: [x for x in found if x.first.severity == one] for one in SEVERITIES}


def _compared(content: PageContent) -> bool:
    """Whether another model was compared for everybody whose steps are told of."""
    others = set(content.model_differences["participant_id"])
    return bool(others) and set(content.steps["participant_id"]) <= others


def _methods(content: PageContent) -> str:
    return methods_text(content.origin, content.roles, content.verdicts.registry.hash)


def _joint_roles(columns: list[SpeedColumn]) -> list[str]:
    return list(dict.fromkeys(role for column in columns for role in column.joints))
