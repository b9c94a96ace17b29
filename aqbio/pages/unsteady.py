"""Steps that are no steady running on a straight: accelerating, slowing, turning, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from aqbio.contributions.step_quality import band
from aqbio.gait.step_files import SPEEDING, TURNING, flagged
from aqbio.pages.address import cell, marked, where

STEADY_ONLY = (
    "The numbers of these steps hold; bands and the reference group are of steady running on a "
    "straight."
)


def unsteady_words(steps: pd.DataFrame) -> str:
    """State which steps accelerate, slow down or turn, and by how much; empty for steady ones."""
    used = steps[steps["status"] != "rejected"]
    sentences = [
        words
        for trial, rows in used.groupby("trial_id", sort=False, observed=True)
        for words in _trial_words(str(trial), rows)
    ]
    return " ".join([*sentences, STEADY_ONLY]) if sentences else ""


def _trial_words(trial: str, rows: pd.DataFrame) -> Iterator[str]:
    turning, speeding = flagged(rows, TURNING), flagged(rows, SPEEDING)
    if turning.any():
        turns = [_turn(row) for row in _records(rows[turning])]
        yield f"In trial {trial} the direction of travel turns: {'; '.join(turns)}."
    if 2 * int(speeding.sum()) > len(rows):
        changes = [_change(row) for row in _records(rows[speeding])]
        yield f"In trial {trial} the speed changes: {'; '.join(changes)}."


def _records(rows: pd.DataFrame) -> list[Mapping[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


def _turn(row: Mapping[str, Any]) -> str:
    """Direction and angle of a turn within one step; positive is toward the stance side."""
    angle = float(row["heading_change_deg"])
    other = {"left": "right", "right": "left"}[str(row["side"])]
    size = cell("steps", row, "heading_change_deg", f"{abs(angle):.0f}", by="size")
    return f"{size}° to the {row['side'] if angle > 0 else other} in step {_step(row)}"


def _step(row: Mapping[str, Any]) -> str:
    return cell("steps", row, "step", row["step"])


def _change(row: Mapping[str, Any]) -> str:
    """Change of speed over one step, and the acceleration by the forces where they are known."""

    def number(column: str, decimals: int) -> str:
        text = f"{round(float(row[column]), decimals) + 0.0:.{decimals}f}".replace("-", "−")
        return cell("steps", row, column, text)

    words = f"by {number('speed_change_mps', 2)} m/s in step {_step(row)}"
    words += f" at {number('speed_mps', 2)} m/s"
    if math.isfinite(row["acceleration_mps2"]):
        words += f" (by the forces {number('acceleration_mps2', 1)} m/s²)"
    return words


def why_beyond_others(steps: pd.DataFrame, speed_mps: float, key: str) -> str:
    """State why accelerating steps may lie outside what others do at this speed, or nothing.

    ``key``: of the steps at this speed.
    """
    speeding = steps[flagged(steps, SPEEDING)]
    if 2 * len(speeding) <= len(steps):
        return ""
    words = "These steps change their speed, and those of the others do not: outside their range "
    words += "need be no fault."
    frequency = float(speeding["step_frequency_hz"].median())
    low, high = band("step_frequency", speed_mps)
    if np.isfinite(high) and frequency > high:
        flags = where(step_flags=[*dict.fromkeys(speeding["step_flags"])])
        own, *steady = (
            marked(f"{value:.1f}", "steps", of_steps, "step_frequency_hz", by=by)
            for value, of_steps, by in (
                (frequency, f"{key};{flags}", "median"),
                (low, key, "least in steady running"),
                (high, key, "most in steady running"),
            )
        )
        words += (
            f" They are as frequent as those of a faster run ({own} a second, in "
            f"steady running at this speed {steady[0]} to {steady[1]}): arms and legs swing "
            "faster, and carry more, than this speed alone would ask for."
        )
    return words
