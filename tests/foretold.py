"""What a new study says that it will compute, held against what it computed."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

COLUMNS = {
    "the legs": ("push_leg", "swing_leg"), "the arms": ("arms",), "the trunk": ("torso",),
    "the pelvis": ("pelvis",), "the push side": ("push_side",), "the swing side": ("swing_side",),
    "the whole body": ("total",),
}  # fmt: skip

FEWEST, MOST = 1, 12
"""Lines of what comes of recordings."""


def foretold(summary: str) -> list[str]:
    """The lines in which a summary says what comes of the recordings."""
    block = summary.partition("What comes of it\n")[2].partition("\n\n")[0]
    lines = [line.strip() for line in block.splitlines()]
    assert FEWEST <= len(lines) <= MOST, lines
    return lines


def contradictions(lines: Iterable[str], steps: pd.DataFrame) -> list[str]:
    """Sentences that the rows of steps do not keep."""
    ok, wrong = steps[steps["status"] == "ok"], []

    def given(names: str) -> list[bool]:
        return [
            bool(ok[f"H_{one}_y_stance_mean_kgm2ps"].notna().any())
            for name in re.findall("|".join(COLUMNS), names)
            for one in COLUMNS[name]
        ]

    for line in lines:
        if found := re.match(r"computed of .*level A\)(.*)", line):
            wrong += [line] * (len(ok) == 0 or not all(given(found[1])))
        elif found := re.match(r"not computed: angular momentum of (.*), for", line):
            wrong += [line] * (not given(found[1]) or any(given(found[1])))
        elif re.match(r"computed of .*joint moments", line):
            wrong += [line] * (not ok["peak_vertical_force_bw"].notna().any())
        elif found := re.match(r"not computed of (\d+) of (\d+) runs?: joint moments", line):
            forces = ok.groupby("trial_id")["peak_vertical_force_bw"].any()
            wrong += [line] * (found[1] == found[2] and bool(forces.any()))
    return wrong
