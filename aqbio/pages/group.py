"""What athletes' pages show of all athletes: neighbours, band, rulers, in one script.

An athlete's page has a place for each; its script puts in what is there, without what belongs to
other athletes (``data-of``). So pages stay as they are when somebody else runs again.
"""

from __future__ import annotations

import json
from typing import Any

from aqbio.pages.athlete import body_scale
from aqbio.pages.filters import rows, template
from aqbio.pages.own_curves import band_paths, participant_curves
from aqbio.pages.page import StudyContent
from aqbio.pages.verdicts import VerdictTables, own_numbers, ruler, verdict_section


def group_script(content: StudyContent) -> str:
    """The script that athletes' pages load."""
    study, steps = content.study, content.tables["steps"]
    curves = [
        participant_curves(study, who, steps, body_scale(study, who)) for who in content.names
    ]
    shown = {"people": content.names, "numbers": athletes_numbers(content.verdicts)}
    made: dict[str, Any] = {
        name: template(f"group_{name}.html.j2").render(shown) for name in ("beside", "numbers")
    }
    made["band"] = band_paths([one for one in curves if one is not None])
    text = json.dumps(made, ensure_ascii=False, separators=(",", ":"))
    return "globalThis.GROUP=" + text.replace("<", r"\u003c") + ";\n"


def athletes_numbers(verdicts: VerdictTables) -> list[dict[str, Any]]:
    """Hypotheses of which athletes have numbers of their own: ruler, and rows of the table."""
    single = verdicts.single
    own = own_numbers(single)
    return [
        {
            "id": one.hypothesis.id,
            "title": one.hypothesis.title,
            "unit": str(one.row["unit"]),
            "ruler": ruler(one.row, own[one.hypothesis.id], marked=True),
            "rows": rows(single[single["hypothesis"] == one.hypothesis.id]),
        }
        for one in verdict_section(verdicts).verdicts
        if one.hypothesis.id in own
    ]
