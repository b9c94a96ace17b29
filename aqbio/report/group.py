"""Script with what athletes' pages show of all athletes: neighbours, band, rulers.

An athlete's page has an empty element for each; its script fills them, without the values of other
athletes (``data-of``). Pages therefore do not change with the trials of another athlete.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from aqbio.pages.address import with_addresses
from aqbio.pages.filters import rows, template
from aqbio.pages.own_curves import SideCurves, band_paths, participant_curves
from aqbio.pages.verdicts import VerdictTables, own_numbers, ruler, verdict_section
from aqbio.prepare.used_size import body_scale
from aqbio.report.page import StudyContent


def group_script(content: StudyContent) -> str:
    """Write the script that athletes' pages load."""
    study, steps = content.study, content.tables["steps"]
    by_person = defaultdict[str, list[SideCurves]](list)
    for name in content.names:
        if curves := participant_curves(study, name, steps, body_scale(study, name)):
            by_person[study.participant(name).person or name].append(curves)
    context = {"people": content.names, "numbers": athletes_numbers(content.verdicts)}
    content_of_script: dict[str, Any] = {
        name: with_addresses(template(f"group_{name}.html.j2").render(context))
        for name in ("beside", "numbers")
    }
    content_of_script["band"] = band_paths(by_person)
    text = json.dumps(content_of_script, ensure_ascii=False, separators=(",", ":"))
    return "globalThis.GROUP=" + text.replace("<", r"\u003c") + ";\n"


def athletes_numbers(verdicts: VerdictTables) -> list[dict[str, Any]]:
    """Hypotheses of which athletes have numbers of their own: ruler, and rows of the table."""
    single = verdicts.single
    numbers = own_numbers(single)
    return [
        {
            "id": verdict.hypothesis.id,
            "title": verdict.hypothesis.title,
            "unit": str(verdict.row["unit"]),
            "ruler": ruler(verdict.row, numbers[verdict.hypothesis.id], marked=True),
            "rows": rows(single[single["hypothesis"] == verdict.hypothesis.id]),
        }
        for verdict in verdict_section(verdicts).verdicts
        if verdict.hypothesis.id in numbers
    ]
