"""Published curves of the legs' joints that a laboratory holds its own against."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from aqbio.config import InvalidStudyError, PublishedPoint
from aqbio.errors import Finding
from aqbio.io.sheets import sheet_lines
from aqbio.io.study import Study

if TYPE_CHECKING:
    import pandas as pd

UNITS = {"angle": "deg", "moment": "N m/kg", "power": "W/kg"}

COLUMNS = ["quantity", "line", "phase", "percent", "mean", "sd", "unit", "source"]

Line = tuple[str, str, str, str]
"""Quantity, joint, side and phase."""


def published_file(study: Study) -> Path | None:
    """A study's sheet of published curves of the legs' joints; None where there is none."""
    path = study.place(study.settings.figures.published)
    return path if path.is_file() else None


def published_points(path: Path | None) -> dict[Line, list[PublishedPoint]]:
    """Read published_curves.tsv.

    Parameters
    ----------
    path : Path, optional
        None: there are none.

    Returns
    -------
    dict
        The points of each line, along the phase.

    Raises
    ------
    InvalidStudyError
        All problems at once: values that are none, lines of two sources, of one point, or with two
        numbers at one place.
    """
    if path is None:
        return {}
    read, findings = sheet_lines(path, PublishedPoint)
    lines: dict[Line, list[tuple[int, PublishedPoint]]] = {}
    for place in read:
        if place.row is not None:
            lines.setdefault(_line(place.row), []).append((place.number, place.row))
    findings += [one for own in lines.values() for one in _problems(own, path)]
    if findings:
        raise InvalidStudyError(findings)
    return {line: [row for _, row in own] for line, own in lines.items()}


def published_curves(path: Path | None) -> pd.DataFrame:
    """Curves of published_curves.tsv, as :func:`published_points` reads it.

    Returns
    -------
    DataFrame
        A row for every whole per cent between the first and the last point of a line; columns
        quantity, line (hip_push), phase, percent, mean, sd, unit, source.
    """
    import pandas as pd

    parts = [_curve(line, rows) for line, rows in published_points(path).items()]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)


def _line(row: PublishedPoint) -> Line:
    return row.quantity, row.joint, row.side, row.phase


def _curve(line: Line, rows: list[PublishedPoint]) -> pd.DataFrame:
    """A line at whole per cents, straight between points."""
    import pandas as pd

    quantity, joint, side, phase = line
    at, mean, sd = np.array(
        [(row.percent, row.mean, np.nan if row.sd is None else row.sd) for row in rows]
    ).T
    percent = np.arange(np.ceil(at[0]), np.floor(at[-1]) + 1.0)
    return pd.DataFrame(
        {
            "quantity": quantity,
            "line": f"{joint}_{side}",
            "phase": phase,
            "percent": percent,
            "mean": np.interp(percent, at, mean),
            "sd": np.interp(percent, at, sd),
            "unit": UNITS[quantity],
            "source": rows[0].source,
        }
    )


def _problems(own: list[tuple[int, PublishedPoint]], path: Path) -> Iterator[Finding]:
    words = " ".join(_line(own[0][1]))

    def finding(number: int, what: str, fix: str) -> Finding:
        return Finding(
            rule="published-curve",
            severity="error",
            what=f"{words}: {what}",
            file=str(path),
            where=f"line {number}",
            fix=fix,
        )

    if len(own) == 1:
        yield finding(own[0][0], "one point is no curve.", "give a second one, or leave it out.")
    for (_, before), (number, row) in pairwise(own):
        if row.percent <= before.percent:
            yield finding(
                number,
                f"{row.percent:g} % comes after {before.percent:g} %.",
                "sort the points of a curve, each place once.",
            )
        if row.source != before.source:
            yield finding(
                number,
                "points of one curve are from two sources.",
                "keep the source that is nearer to your athletes.",
            )
        if (row.sd is None) != (before.sd is None):
            yield finding(
                number,
                "some points have a standard deviation and some have none.",
                "give it everywhere, or nowhere.",
            )
