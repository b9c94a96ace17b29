"""Promises and reasons in sentences: held against the results, and against themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pandas as pd

COLUMNS = {
    "the legs": ("push_leg", "swing_leg"), "the arms": ("arms",), "the trunk": ("torso",),
    "the pelvis": ("pelvis",), "the push side": ("push_side",), "the swing side": ("swing_side",),
    "the whole body": ("total",),
}  # fmt: skip

STEP = {
    "speed": "speed_mps", "steps": "step_frequency_hz", "contact times": "contact_s",
    "flight times": "flight_s", "step lengths": "step_length_m",
    "ground forces": "peak_vertical_force_bw",
}  # fmt: skip
"""Columns of steps.tsv by their word in a promise."""

MIN_LINES, MAX_LINES = 1, 12
"""Lines of what comes of recordings."""

JOINT = re.compile(r"joint moments of ([\w, ]+)")


def promised_lines(summary: str) -> list[str]:
    """Lines of a summary about the results that recordings will give."""
    block = summary.partition("What comes of it\n")[2].partition("\n\n")[0]
    lines = [line.strip() for line in block.splitlines()]
    assert MIN_LINES <= len(lines) <= MAX_LINES, lines
    return lines


def contradictions(
    lines: Iterable[str], steps: pd.DataFrame, rows: pd.DataFrame | None = None
) -> list[str]:
    """Sentences that the steps, and their contributions, do not keep."""
    counted, wrong = steps[steps["status"] != "rejected"], []
    for line in lines:
        promise = re.match(r"(not )?computed(?: of (\d+) of (\d+) runs?)?: (.*)", line)
        if promise is None:
            continue
        promise_text, of_all_runs = (
            promise[4].partition(", for ")[0],
            promise[2] in (None, promise[3]),
        )
        for name, computed in _outcomes(promise_text, counted, rows):
            if bool(promise[1]) == computed and (of_all_runs or not promise[1]):
                wrong.append(f"{name}: {line}")
    return wrong


def _outcomes(
    promise: str, steps: pd.DataFrame, rows: pd.DataFrame | None
) -> Iterator[tuple[str, bool]]:
    """Names of the outcomes that a promise speaks of, and whether the results have them."""
    momentum = (
        promise.partition("angular momentum")[2]
        if "level" in promise or "of the" in promise
        else ""
    )
    for name in re.findall("|".join(COLUMNS), momentum):
        columns = [f"H_{group}_y_stance_mean_kgm2ps" for group in COLUMNS[name]]
        yield name, bool(steps[columns].notna().all(axis=1).any())
    for name, column in STEP.items():
        if re.search(rf"\b{name}\b", promise):
            yield name, bool(steps[column].notna().any())
    if rows is None:
        return
    computed = rows[rows["value"].notna() | rows["low"].notna()]
    if "levels B and C" in promise or "level C" in promise:
        yield "level C", bool((computed["level"].astype(str) == "C").any())
    if "moments of the standing leg" in promise:
        joints = computed[computed["level"].astype(str) == "joint"]
        standing = joints["source"].astype(str).isin(["hip_push", "knee_push", "ankle_push"])
        yield "moments of the standing leg", bool((standing & (joints["phase"] == "stance")).any())
    if "levels B and C" in promise:
        yield "level B", bool((computed["level"].astype(str) == "B").any())
        yield "joint moments", bool((computed["level"].astype(str) == "joint").any())
    if match := JOINT.search(promise):
        moments = computed.loc[computed["level"].astype(str) == "joint", "source"].astype(str)
        for joint in match[1].split(", "):
            yield f"moments of {joint}", bool(moments.str.startswith(joint).any())


EMPTY_OPTION = re.compile(r"[:;]\s*(?:or\s*)?;|;\s*or\s*[.;]|:\s+or\b|“\s*”|\bwhy:\s*\.")


def unreasoned(text: str) -> list[str]:
    """Options of a message that are empty or stand in it twice."""
    wrong = [match.group() for match in EMPTY_OPTION.finditer(text)]
    for sentence in re.split(r"(?<=\.)\s", text):
        options = [x.strip(" .") for x in sentence.rpartition(": ")[2].split("; or ")]
        cells = re.findall(r"“([^”]*)”", sentence) if " or “" in sentence else []
        wrong += [x for x in options if options.count(x) > 1]
        wrong += [x for x in cells if cells.count(x) > 1]
    return wrong
