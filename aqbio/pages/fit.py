"""Results of the consistency fit in words: parameters, changes of trials, evidence on the body."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from aqbio.figures.words import digits
from aqbio.force_plates.single_plates import plate_error
from aqbio.names import MILLIMETRES, SIDES
from aqbio.pages.address import cell, constant, marked, where
from aqbio.pages.filters import rows

DEGREES = 180.0 / np.pi

PARAMETER_WORDS = {
    "clock_offset": ("Forces late by", "ms", 1e3),
    "drag_area": ("Drag area (frontal area × drag coefficient)", "m²", 1.0),
    "mass": ("Body mass, change", "%", 100.0),
    "leg_share": ("Mass of both legs, change (taken from the torso)", "%", 100.0),
    "pelvis_share": ("Mass of the pelvis, change (taken from the torso)", "%", 100.0),
    "foot_share": ("Mass of both feet, change (taken from the torso)", "%", 100.0),
    "arm_share": ("Mass of both arms, change (taken from the torso)", "%", 100.0),
    "thigh_slide": ("Skin of the thighs slides towards the knee, by flexion", "mm/rad", 1e3),
    "tissue_compliance": ("Markers stay behind, by acceleration", "mm per m/s²", 1e3),
    "cop_offset_x": ("Plates forward", "mm", 1e3),
    "cop_offset_y": ("Plates up", "mm", 1e3),
    "cop_offset_z": ("Plates to the right", "mm", 1e3),
    "plate_roll": ("Plates turned about the forward axis", "deg", DEGREES),
    "plate_yaw": ("Plates turned about the vertical axis", "deg", DEGREES),
    "plate_pitch": ("Plates turned about the axis to the right", "deg", DEGREES),
    "plate_scale": ("Distances between plates, change", "%", 100.0),
}
"""Words, unit on the page and factor to it, of every global parameter."""


PLATE_WORDS = {
    "along": ("Plate {plate} forward", "mm", 1e3),
    "across": ("Plate {plate} to the right", "mm", 1e3),
    "roll": ("Plate {plate} turned about the forward axis", "deg", DEGREES),
    "yaw": ("Plate {plate} turned about the vertical axis", "deg", DEGREES),
    "pitch": ("Plate {plate} turned about the axis to the right", "deg", DEGREES),
}
"""Words, unit on the page and factor to it, of the errors of a single plate."""


MAX_LEARNT_SHARE = 0.8
"""Standard deviation over the prior's above which data tell nothing about a parameter: a common
displacement of the plates cannot be distinguished from centres of mass (0.94)."""


@dataclass(frozen=True, slots=True)
class ParameterLine:
    """One global parameter of a session, in the page's unit."""

    label: str
    unit: str
    prior: str
    estimate: str
    interval: str
    words: str
    is_far: bool
    """Farther from its prior than is usual."""


PARAMETERS = "parameters"
"""Parameters of all fits, from the records of the stage."""


def standing_words(participant_id: str, standing: Sequence[Mapping[str, Any]]) -> str:
    """State the distance from centre of mass to centre of pressure in still postures."""
    if not standing:
        return "No static trial on a plate was used."
    distances = []
    for posture in standing:
        key = where(participant_id=participant_id, trial_id=posture["trial_id"])
        distance = digits(1e3 * math.hypot(*posture["fitted_m"]), "mm")
        text = marked(distance, "standing", key, "fitted_m", factor=1e3, by="length")
        distances.append(f"{text} mm ({posture['trial_id']})")
    words = ", ".join(distances)
    return f"The adjusted body's centre of mass lies {words} from the centre of pressure."


def parameter_line(participant_id: str, parameter: Mapping[str, Any]) -> ParameterLine:
    """Write one parameter of a participant in the page's unit."""
    key = where(participant_id=participant_id, name=parameter["name"])
    length = (parameter["name"], "mm", 1e3)
    fallback = length if parameter["unit"] == "m" else (parameter["name"], parameter["unit"], 1.0)
    label, unit, factor = PARAMETER_WORDS.get(parameter["name"], fallback)
    error, plate = plate_error(parameter["name"])
    if plate:
        words_of_error, unit, factor = PLATE_WORDS[error]
        label = marked(words_of_error.format(plate=plate), PARAMETERS, key, "name", by="numbers")

    def words(name: str) -> str:
        return marked(digits(parameter[name] * factor, unit), PARAMETERS, key, name, factor=factor)

    prior, fitted = words("prior"), parameter["fitted"]
    return ParameterLine(
        label=label,
        unit=unit,
        prior=f"{prior}\xa0±\xa0{words('prior_sd')}" if fitted else prior,
        estimate=words("estimate"),
        interval=f"{words('low')}\xa0to\xa0{words('high')}" if fitted else "fixed",
        words=_parameter_words(parameter),
        is_far=bool(parameter["far"]),
    )


def _parameter_words(parameter: Mapping[str, Any]) -> str:
    if not parameter["fitted"]:
        return "held at its prior"
    if parameter["far"]:
        return "far from the prior: used as it is"
    if parameter["sd"] > MAX_LEARNT_SHARE * parameter["prior_sd"]:
        return "not determined: the prior, whose width stays in the intervals"
    if parameter["low"] <= parameter["prior"] <= parameter["high"]:
        return "not distinguished from the prior"
    return "moved by the data"


LEFT_OUT = "left_out"

PERCENT = 100.0
"""Per cent of a share."""

MASS = "mass of the {part}, % of the body's"
ABOVE = "centre of mass in {trial} above the ground, m"
HEIGHT = "centre of mass in {trial} above the ground, % of stature"
COP_OFFSET = "centre of mass {way} the centre of pressure in {trial}, predicted without it, mm"


OF_TABLES = "tables: 16.1 (cadavers, Dempster 1955) to 20.9 % (women, de Leva)"
OF_BOARDS = "reaction boards: 55 to 57 %"
"""OF_TABLES, OF_BOARDS: Shares of other people, as in `aqbio.body.de_leva`."""


def _before_after(row: Mapping[Any, Any], factor: float = 1.0, unit: str = "") -> tuple[str, str]:
    """Write what was before and after the fit, of a row of ``fit_changes``."""
    before, after = (
        cell("fit_changes", row, name, digits(factor * float(row[name]), unit), factor=factor)
        for name in ("before", "after")
    )
    return before, after


@dataclass(frozen=True, slots=True)
class Witness:
    """One number of the body before and after the fit, and its independent reference."""

    label: str
    before: str
    after: str
    reference: str
    """Value of other people, or of the force plate."""


def body_witnesses(table: pd.DataFrame) -> list[Witness]:
    """Compare the body of a fit with independent evidence."""
    kinds = (
        ("mass", "share", MASS, PERCENT, constant(OF_TABLES)),
        ("standing", "height", ABOVE, 1.0, "the pose is the same: the difference is the fit's"),
        ("standing", "share", HEIGHT, PERCENT, constant(OF_BOARDS)),
        ("standing", LEFT_OUT, COP_OFFSET, MILLIMETRES, constant("standing still: 0")),
    )
    witnesses = []
    for quantity, statistic, words, factor, reference in kinds:
        selected = table[(table["quantity"] == quantity) & (table["statistic"] == statistic)]
        for row in rows(selected):
            way = "ahead of" if row["axis"] == "x" else "to the right of"
            part = str(row["part"]).replace("leg_", "") + " leg"
            label = words.format(part=part, trial=row["trial_id"], way=way)
            before, after = _before_after(row, factor)
            witnesses.append(Witness(label, before, after, reference))
    return witnesses


MAX_JOINT_MOMENTS = 6
"""Joint moments that are shown of a trial, at most."""

MOMENTUM = "kg m²/s"

ROOT = "pelvis_"
"""Before the coordinates of the root, whose generalised forces are residuals."""


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One quantity of a trial before and after the fit."""

    label: str
    unit: str
    before: str
    after: str
    alike: str = ""
    """Similarity of both curves."""


def trial_changes(table: pd.DataFrame, trial_id: str) -> list[ChangeLine]:
    """Angular momentum of every group and largest joint moments of a trial (``fit_changes``)."""
    changes = table[table["trial_id"] == trial_id]
    momentum = changes[changes["quantity"].eq("angular_momentum") & changes["axis"].eq("y")]
    rms_changes = momentum[momentum["statistic"].eq("rms_change")].set_index("part")["after"]
    lines = []
    for row in rows(momentum[momentum["statistic"].eq("mean")]):
        change = digits(float(rms_changes.get(row["part"], np.nan)), MOMENTUM)
        number = cell("fit_changes", row | {"statistic": "rms_change"}, "after", change)
        words = f"differ by {number} (root mean square)"
        lines.append(_line("Angular momentum about the vertical, mean, ", row, MOMENTUM, words))
    moments = changes[changes["quantity"].eq("joint_moment")]
    moments = moments[~moments["part"].astype(str).str.startswith(ROOT)]
    correlations = moments[moments["statistic"].eq("correlation")].set_index("part")["after"]
    peaks = moments[moments["statistic"].eq("peak") & moments["unit"].eq("N m")]
    moved = (peaks["after"] - peaks["before"]).abs().sort_values(ascending=False, kind="stable")
    for row in rows(peaks.loc[moved.index[:MAX_JOINT_MOMENTS]]):
        part = row["part"]
        alike = ""
        if part in correlations:
            of_curves = row | {"statistic": "correlation"}
            text = cell("fit_changes", of_curves, "after", f"{correlations[part]:.2f}")
            alike = f"correlation {text}"
        lines.append(_line("Peak moment, ", row, "N m", alike))
    return lines


def _line(before: str, row: Mapping[Any, Any], unit: str, alike: str = "") -> ChangeLine:
    name, _, side = str(row["part"]).rpartition("_")
    part = f"{side} {name}" if side in SIDES else str(row["part"]).replace("_", " ")
    return ChangeLine(f"{before}{part}", unit, *_before_after(row, 1.0, unit), alike)
