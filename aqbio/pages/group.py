"""What athletes' pages show of all athletes: neighbours, curves, rulers, in one script.

An athlete's page has a place for each; its script puts in what is there, without what belongs to
other athletes (``data-of``). So pages stay as they are when somebody else runs again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from aqbio.pages.filters import template
from aqbio.pages.own_curves import SideCurves, curves_drawing
from aqbio.pages.sections import rows
from aqbio.pages.verdicts import VerdictOnPage, own_numbers, ruler

if TYPE_CHECKING:
    import pandas as pd

PLACES = {"beside": "group_beside", "curves": "group_curves", "numbers": "group_numbers"}
"""Places on an athlete's page, and the templates of what goes there."""


@dataclass(frozen=True)
class GroupContent:
    """What pages of athletes show of all athletes."""

    people: tuple[str, ...]
    verdicts: tuple[VerdictOnPage, ...]
    single: pd.DataFrame
    """The table of single athletes."""
    curves: Mapping[str, SideCurves]
    """Of both sides, by athlete."""


@dataclass(frozen=True, slots=True)
class OwnNumbers:
    """A hypothesis of which athletes have numbers of their own."""

    id: str
    title: str
    unit: str
    ruler: Markup
    rows: list[dict[str, Any]]
    """Of the table of single athletes."""


def group_script(content: GroupContent) -> str:
    """The script that athletes' pages load."""
    made = {name: template(f"{of}.html.j2").render(_shown(content)) for name, of in PLACES.items()}
    text = json.dumps(made, ensure_ascii=False, separators=(",", ":"))
    return "globalThis.GROUP=" + text.replace("<", r"\u003c") + ";\n"


def _shown(content: GroupContent) -> dict[str, Any]:
    return {
        "people": content.people,
        "drawing": curves_drawing(content.curves),
        "numbers": list(_numbers(content)),
    }


def _numbers(content: GroupContent) -> Iterator[OwnNumbers]:
    own = own_numbers(content.single)
    for one in content.verdicts:
        name = one.hypothesis.id
        if name in own:
            table = content.single[content.single["hypothesis"] == name]
            yield OwnNumbers(
                name,
                one.hypothesis.title,
                str(one.row["unit"]),
                ruler(one.row, own[name], two_sided=one.hypothesis.two_sided, marked=True),
                rows(table),
            )
