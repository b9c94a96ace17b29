"""Results of the consistency fit in words: parameters, changes of trials, evidence on the body."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from aqbio.body.de_leva import LEG_SHARE, STANDING_SHARE
from aqbio.figures.words import digits
from aqbio.force_plates.single_plates import plate_error
from aqbio.names import SIDES

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
    estimate: float
    """As in the manifest."""
    text: str
    """The estimate on the page."""
    interval: str
    words: str
    is_far: bool
    """Farther from its prior than is usual."""


def standing_words(standing: Sequence[Mapping[str, Any]]) -> str:
    """State the distance from centre of mass to centre of pressure in still postures."""
    if not standing:
        return "No static trial on a plate was used."
    distances = (
        f"{digits(1e3 * math.hypot(*posture['fitted_m']), 'mm')} mm ({posture['trial_id']})"
        for posture in standing
    )
    words = ", ".join(distances)
    return f"The adjusted body's centre of mass lies {words} from the centre of pressure."


def parameter_line(parameter: Mapping[str, Any]) -> ParameterLine:
    """Write one parameter in the page's unit."""
    length = (parameter["name"], "mm", 1e3)
    fallback = length if parameter["unit"] == "m" else (parameter["name"], parameter["unit"], 1.0)
    label, unit, factor = PARAMETER_WORDS.get(parameter["name"], fallback)
    error, plate = plate_error(parameter["name"])
    if plate:
        words_of_error, unit, factor = PLATE_WORDS[error]
        label = words_of_error.format(plate=plate)

    def words(name: str) -> str:
        return digits(parameter[name] * factor, unit)

    prior, fitted = words("prior"), parameter["fitted"]
    return ParameterLine(
        label=label,
        unit=unit,
        prior=f"{prior}\xa0±\xa0{words('prior_sd')}" if fitted else prior,
        estimate=parameter["estimate"],
        text=words("estimate"),
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

MILLIMETRES = 1000.0
"""Millimetres of a metre."""

MASS = "mass of the {part}, % of the body's"
ABOVE = "centre of mass in {trial} above the ground, m"
HEIGHT = "centre of mass in {trial} above the ground, % of stature"
COP_OFFSET = "centre of mass {way} the centre of pressure in {trial}, predicted without it, mm"


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
    low, high = (PERCENT * share for share in LEG_SHARE)
    people = f"tables: {digits(low)} (cadavers, Dempster 1955) to {digits(high)} % (women, de Leva)"
    board_low, board_high = (PERCENT * share for share in STANDING_SHARE)
    board = f"reaction boards: {digits(board_low)} to {digits(board_high)} %"
    kinds = (
        ("mass", "share", MASS, PERCENT, people),
        ("standing", "height", ABOVE, 1.0, "the pose is the same: the difference is the fit's"),
        ("standing", "share", HEIGHT, PERCENT, board),
        ("standing", LEFT_OUT, COP_OFFSET, MILLIMETRES, "standing still: 0"),
    )
    witnesses = []
    for quantity, statistic, words, factor, reference in kinds:
        selected = table[(table["quantity"] == quantity) & (table["statistic"] == statistic)]
        for row in selected.to_dict("records"):
            way = "ahead of" if row["axis"] == "x" else "to the right of"
            part = str(row["part"]).replace("leg_", "") + " leg"
            label = words.format(part=part, trial=row["trial_id"], way=way)
            before, after = (digits(factor * float(row[name])) for name in ("before", "after"))
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
    for row in momentum[momentum["statistic"].eq("mean")].to_dict("records"):
        change = digits(float(rms_changes.get(row["part"], np.nan)), MOMENTUM)
        words = f"differ by {change} (root mean square)"
        lines.append(_line("Angular momentum about the vertical, mean, ", row, MOMENTUM, words))
    moments = changes[changes["quantity"].eq("joint_moment")]
    moments = moments[~moments["part"].astype(str).str.startswith(ROOT)]
    correlations = moments[moments["statistic"].eq("correlation")].set_index("part")["after"]
    peaks = moments[moments["statistic"].eq("peak") & moments["unit"].eq("N m")]
    moved = (peaks["after"] - peaks["before"]).abs().sort_values(ascending=False, kind="stable")
    for row in peaks.loc[moved.index[:MAX_JOINT_MOMENTS]].to_dict("records"):
        part = row["part"]
        alike = f"correlation {correlations[part]:.2f}" if part in correlations else ""
        lines.append(_line("Peak moment, ", row, "N m", alike))
    return lines


def _line(before: str, row: Mapping[Any, Any], unit: str, alike: str = "") -> ChangeLine:
    name, _, side = str(row["part"]).rpartition("_")
    part = f"{side} {name}" if side in SIDES else str(row["part"]).replace("_", " ")
    first, last = (digits(float(row[name]), unit) for name in ("before", "after"))
    return ChangeLine(f"{before}{part}", unit, first, last, alike)
