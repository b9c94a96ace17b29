"""The page: one HTML file that opens by double click and asks no network for anything."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from importlib import resources
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from aqbio.errors import SEVERITIES, Cause
from aqbio.figures.numbers import shown, shown_together
from aqbio.report.agreement import sessions
from aqbio.report.carried import (
    SpeedColumn,
    joint_words,
    speed_columns,
    told_carriers,
)
from aqbio.report.driven import driven_columns, fastest, told_sides
from aqbio.report.origin import Origin
from aqbio.report.quality import (
    cautions,
    closure_summary,
    closures,
    quality_tables,
    residuals,
)
from aqbio.report.reviewer import choices
from aqbio.report.sections import Contain, Sections, rows
from aqbio.report.summary import study_summary
from aqbio.report.verdicts import FIGURES as VERDICT_FIGURES
from aqbio.report.verdicts import VerdictTables, verdict_section

_UNITS = {"kg m2/s": "kg m²/s"}
AGREEMENT = "agreement"
FEW = 2
"""Participants, and columns told in words, that a page shows without folding."""

SHOWN_CAUSES = 10
"""Causes of one severity that a page tells at once: about a screen; the others are folded."""

_SURELY = 0.001


@dataclass(frozen=True, slots=True)
class FigureOnPage:
    """A figure with the words and files that belong to it."""

    name: str
    title: str
    caption: str
    alternative_text: str
    svg: str
    """The drawing; empty where the study does not write SVG."""
    links: tuple[tuple[str, str], ...]
    """tuple of (words, relative address)."""
    participant_id: str
    """Empty where the figure shows the whole study."""


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
    steps: pd.DataFrame
    trials: pd.DataFrame
    quality: pd.DataFrame
    """steps, trials, quality: The study's tables."""
    causes: tuple[Cause, ...]
    """What was found in all stages."""
    means: pd.DataFrame
    """As from `aqbio.figures.stance_means.stance_means`."""
    caused: pd.DataFrame
    """Numbers of the figure of caused rotation; empty without one."""
    consistency: tuple[Mapping[str, Any], ...]
    """What stage consistency made of every participant: its manifests."""
    verdicts: VerdictTables
    """What stage hypotheses concluded."""
    figures: tuple[FigureOnPage, ...]
    origin: Origin


def page(content: PageContent, contain: Contain = lambda _: nullcontext()) -> str:
    """Write the page.

    Parameters
    ----------
    contain : callable
        A section in which something fails then says so, and the others are there.

    Returns
    -------
    str
        HTML; the same content gives the same text.
    """
    templates = resources.files("aqbio.report") / "templates"
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("aqbio.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"num": number, "spread": spread, "picture": data_address}
    environment.filters |= {"estimate": estimate, "probability": probability, "reach": reach}
    environment.filters |= {"choices": choices, "share": share}
    environment.globals |= {"joint_words": joint_words}
    environment.globals |= {"few": FEW, "shown_causes": SHOWN_CAUSES}
    style = (templates / "style.css").read_text(encoding="utf-8")
    figures = _figures(content.figures)
    values = Sections(environment, contain)
    columns = values.value("columns", lambda: speed_columns(content.means))
    driven = values.value("driven", lambda: driven_columns(content.caused))
    values.value("driven_sides", lambda: told_sides(driven))
    values.value("fastest", lambda: fastest(driven))
    values.value("fastest_carried", lambda: fastest(columns))
    values.value("verdicts", lambda: verdict_section(content.verdicts))
    values.value("sessions", lambda: sessions(content.consistency, residuals(content.quality)))
    values.value("carriers", lambda: told_carriers(columns))
    values.value(
        "summary", lambda: study_summary(content.participants, content.trials, content.steps)
    )
    values.value("step_rows", lambda: rows(content.steps))
    values.value("quality", lambda: quality_tables(content.quality))
    values.value("residuals", lambda: residuals(content.quality))
    values.value("cautions", lambda: cautions(content.quality, content.causes))
    values.value("closures", lambda: rows(closures(content.quality)))
    values.value("closure_summary", lambda: closure_summary(content.quality))
    values.value("causes", lambda: _by_severity(content.causes))
    values.value("joint_roles", lambda: _joint_roles(columns))
    environment.globals |= {
        "content": content,
        "style": Markup(style),
        "verdict_figures": figures["verdicts"],
        "study_figures": figures["study"],
        "trial_figures": figures["trials"],
        "numbers": _numbers(figures),
        "agreement_figure": next(iter(figures[AGREEMENT]), None),
    }
    return environment.get_template("page.html.j2").render()


def number(value: float, unit: str = "", factor: float = 1.0) -> Markup:
    """Write a number so that a program can read on the page what the table says.

    Parameters
    ----------
    value : float
        As in the table.
    unit : str
        Sets the decimals.
    factor : float
        From the table's unit to the page's.

    Examples
    --------
    >>> number(-2.61447, "kg m²/s")
    Markup('<data value="-2.61447">−2.61</data>')
    """
    text = shown(value * factor, _UNITS.get(unit, unit))
    return Markup('<data value="{}">{}</data>').format(f"{value:.15g}", text)


def spread(value: Any, unit: str = "") -> Markup:
    """Write mean ± standard deviation; the latter only where there is one."""
    mean = number(value.mean, unit)
    if value.sd != value.sd:
        return mean
    return mean + Markup("&nbsp;±&nbsp;") + number(value.sd, unit)


def estimate(row: Mapping[str, Any]) -> Markup:
    """Write an estimate with its interval, all to the digit that the interval can carry.

    Examples
    --------
    >>> estimate({"estimate": -6.7e-4, "ci_low": -0.0503, "ci_high": 0.049}).striptags()
    '−0.001 (−0.050 to 0.049)'
    """
    names = ("estimate", "ci_low", "ci_high")
    texts = shown_together(*(float(row[name]) for name in names))
    value, low, high = (
        Markup('<data value="{}">{}</data>').format(f"{row[name]:.15g}", text)
        for name, text in zip(names, texts, strict=True)
    )
    if row["ci_low"] != row["ci_low"]:
        return value
    return Markup("{} ({} to {})").format(value, low, high)


def reach(row: Mapping[str, Any]) -> Markup:
    """Write from where to where the estimate moves under other choices.

    Examples
    --------
    >>> reach({"estimate": 0.5, "lowest": -0.25, "highest": 1.0}).striptags()
    '−0.25 to 1.00'
    """
    names = ("estimate", "lowest", "highest")
    _, *texts = shown_together(*(float(row[name]) for name in names))
    low, high = (
        Markup('<data value="{}">{}</data>').format(f"{row[name]:.15g}", text)
        for name, text in zip(names[1:], texts, strict=True)
    )
    return Markup("{} to {}").format(low, high)


def share(value: float) -> Markup:
    """Write a share in whole per cent.

    Examples
    --------
    >>> share(0.2425).striptags()
    '24'
    """
    return Markup('<data value="{}">{}</data>').format(f"{value:.15g}", f"{100.0 * value:.0f}")


def probability(value: float) -> Markup:
    """Write a p value as journals do.

    Examples
    --------
    >>> probability(3.8e-10)
    Markup('<data value="3.8e-10">&lt;0.001</data>')
    """
    text = f"<{_SURELY:g}" if value < _SURELY else f"{value:.3f}"
    return Markup('<data value="{}">{}</data>').format(f"{value:.15g}", text)


def _figures(figures: tuple[FigureOnPage, ...]) -> dict[str, list[FigureOnPage]]:
    """Sort the figures into the sections of the page, in the order of the sections."""
    found: dict[str, list[FigureOnPage]] = {
        part: [] for part in ("verdicts", AGREEMENT, "study", "trials")
    }
    for figure in figures:
        if figure.participant_id:
            found["trials"].append(figure)
        elif figure.name in VERDICT_FIGURES:
            found["verdicts"].append(figure)
        else:
            found[AGREEMENT if figure.name == AGREEMENT else "study"].append(figure)
    return found


def _numbers(figures: Mapping[str, list[FigureOnPage]]) -> dict[str, int]:
    """Number the figures as they follow each other on the page."""
    names = [figure.name for part in figures.values() for figure in part]
    return {name: number for number, name in enumerate(names, start=1)}


def data_address(svg: str) -> str:
    """Put a drawing into the page itself, so that the page is one file."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def _by_severity(found: tuple[Cause, ...]) -> dict[str, list[Cause]]:
    return {one: [x for x in found if x.first.severity == one] for one in SEVERITIES}


def _joint_roles(columns: list[SpeedColumn]) -> list[str]:
    return list(dict.fromkeys(role for column in columns for role in column.joints))
