"""What the consistency fit found and changed, in words: parameters, parts, trials, the body."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from aqbio.body.de_leva import LEG_SHARE, STANDING_SHARE
from aqbio.consistency.parameters import CENTRES_BELIEVED as BELIEVED
from aqbio.consistency.parameters import HALF_WIDTH
from aqbio.figures.words import digits
from aqbio.pages.quality import AFTER, BEFORE, Residual

PARAMETER_WORDS = {
    "clock_offset": ("Forces late by", "ms", 1e3),
    "drag_area": ("Drag area (frontal area × drag coefficient)", "m²", 1.0),
    "mass": ("Body mass, change", "%", 100.0),
    "leg_share": ("Mass of both legs, change (taken from the torso)", "%", 100.0),
    "pelvis_share": ("Mass of the pelvis, change (taken from the torso)", "%", 100.0),
    "cop_offset_x": ("Centre of pressure forward", "mm", 1e3),
    "cop_offset_z": ("Centre of pressure to the right", "mm", 1e3),
}
"""Words, unit on the page and factor to it, of every global parameter."""

DIRECTIONS = {"x": "forward", "y": "up", "z": "to the right"}
"""Of a segment's axes."""


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
    limits: str
    words: str
    beyond: bool


@dataclass(frozen=True, slots=True)
class TrialLine:
    """What the fit did to one trial."""

    trial_id: str
    status: str
    reason: str
    """Why it was not fitted."""
    suspect: bool
    numbers: Mapping[str, Any]
    """As in the manifest; empty for a trial that was not fitted."""
    before: Residual | None
    after: Residual | None
    """before, after: As in the table of quality."""


@dataclass(frozen=True, slots=True)
class SessionAgreement:
    """A participant's session."""

    participant_id: str
    parameters: tuple[ParameterLine, ...]
    """Empty where no trial was fitted."""
    trials: tuple[TrialLine, ...]
    standing: str
    """What the static trial says of the adjusted body."""


def sessions(
    manifests: Iterable[Mapping[str, Any]], found: Iterable[Residual]
) -> list[SessionAgreement]:
    """Arrange the manifests of stage consistency for the page."""
    by_trial = {(one.participant_id, one.trial_id, one.version): one for one in found}
    return [
        SessionAgreement(
            participant_id=one["participant_id"],
            parameters=(
                *(parameter_line(given) for given in one.get("parameters", ())),
                *(centre_line(given) for given in one.get("centres", ()) if _is_identified(given)),
            ),
            trials=tuple(
                _trial(done, one["participant_id"], by_trial)
                for done in one["trials"]
                if done["status"] == "ok"
            ),
            standing=_standing(one.get("standing", ())),
        )
        for one in manifests
    ]


def _standing(standing: Sequence[Mapping[str, Any]]) -> str:
    """How far the centre of mass is from the centre of pressure in still postures."""
    if not standing:
        return "No static trial on a plate was used."
    apart = (
        f"{digits(1e3 * math.hypot(*one['fitted_m']), 'mm')} mm in {one['trial_id']}"
        for one in standing
    )
    return f"The adjusted body's centre of mass is from the centre of pressure: {', '.join(apart)}."


def _trial(
    done: Mapping[str, Any],
    participant_id: str,
    found: Mapping[tuple[str, str, str], Residual],
) -> TrialLine:
    return TrialLine(
        trial_id=done["trial_id"],
        status=done.get("motion", "plain"),
        reason=done.get("motion_reason", ""),
        suspect=bool(done.get("suspect")),
        numbers=done if "marker_rms_before_m" in done else {},
        before=found.get((participant_id, done["trial_id"], BEFORE)),
        after=found.get((participant_id, done["trial_id"], AFTER)),
    )


def parameter_line(given: Mapping[str, Any]) -> ParameterLine:
    """Write one parameter in the page's unit."""
    length = (given["name"], "mm", 1e3)
    other = length if given["unit"] == "m" else (given["name"], given["unit"], 1.0)
    label, unit, factor = PARAMETER_WORDS.get(given["name"], other)

    def words(name: str) -> str:
        return digits(given[name] * factor, unit)

    prior, fitted = words("prior"), given["fitted"]
    return ParameterLine(
        label=label,
        unit=unit,
        prior=f"{prior}\xa0±\xa0{words('prior_sd')}" if fitted else prior,
        estimate=given["estimate"],
        text=words("estimate"),
        interval=f"{words('low')}\xa0to\xa0{words('high')}" if fitted else "fixed",
        limits=f"{words('lowest')}\xa0to\xa0{words('highest')}",
        words=_parameter_words(given),
        beyond=bool(given["beyond_limit"]),
    )


IDENTIFIED = 0.25
"""Share of the belief's variance that forces must take away for it to count as identified."""


def _is_identified(given: Mapping[str, Any]) -> bool:
    """Whether the forces tell where a segment's centre of mass is along an axis."""
    return bool(given["sd"] ** 2 < (1.0 - IDENTIFIED) * given["prior_sd"] ** 2)


def centre_line(given: Mapping[str, Any]) -> ParameterLine:
    """Write the place of a segment's centre of mass along one of its axes."""
    estimate, prior_sd = given["estimate"], given["prior_sd"]
    return parameter_line(
        {
            "name": f"Centre of mass of {given['segment']} {DIRECTIONS[given['axis']]}",
            "unit": "m",
            "fitted": True,
            "prior": 0.0,
            "prior_sd": prior_sd,
            "estimate": estimate,
            "low": estimate - HALF_WIDTH * given["sd"],
            "high": estimate + HALF_WIDTH * given["sd"],
            "lowest": -BELIEVED * prior_sd,
            "highest": BELIEVED * prior_sd,
            "beyond_limit": abs(estimate) > BELIEVED * prior_sd,
        }
    )


def _parameter_words(given: Mapping[str, Any]) -> str:
    if not given["fitted"]:
        return "held at its prior"
    if given["beyond_limit"]:
        return "beyond its limits: the fit is not used"
    if given["low"] <= given["prior"] <= given["high"]:
        return "not distinguished from the prior"
    return "moved by the data"


MOST = 6
"""Parts of a quantity that are shown."""

QUANTITIES = {
    ("joint_angle", "degrees"): ("Joint angles", "degrees", 1.0),
    ("centre_of_mass", "m"): ("Centres of mass of segments", "mm", 1000.0),
    ("angular_momentum", "kg m2/s"): ("Angular momentum", "kg m²/s", 1.0),
}
"""Words, unit and factor, by quantity and unit in the table."""

CHANGE = "rms_change"
WHOLE = "whole body"
BAR = 100.0
"""Length of the longest bar, in units of its drawing."""


@dataclass(frozen=True, slots=True)
class PartChange:
    """How far the fit moved a part: root mean square over time."""

    part: str
    median: float
    largest: float
    """median, largest: Over the trials, in the unit of the quantity."""
    trial_id: str
    """Of the largest."""
    median_bar: float
    largest_bar: float
    """median_bar, largest_bar: Lengths, at most `BAR`."""
    told: tuple[str, str]
    """Median and largest, as they are read."""


@dataclass(frozen=True, slots=True)
class QuantityChange:
    """The parts of a quantity that the fit moved furthest."""

    label: str
    unit: str
    parts: tuple[PartChange, ...]
    """Largest median first."""
    others: int
    """Parts that are not shown."""


def fit_changes(table: pd.DataFrame) -> list[QuantityChange]:
    """What the fit moved furthest; of angular momentum the axis that moved furthest."""
    moved = table[(table["statistic"] == CHANGE) & table["trial_id"].notna()]
    moved = moved[moved["part"] != WHOLE]
    found = []
    for (quantity, stored), (label, unit, factor) in QUANTITIES.items():
        own = moved[(moved["quantity"] == quantity) & (moved["unit"] == stored)]
        if len(own):
            by_trial = factor * own.groupby(["part", "trial_id"])["after"].max()
            found.append(_changes(by_trial, label, unit))
    return found


def _changes(by_trial: pd.Series[float], label: str, unit: str) -> QuantityChange:
    medians = by_trial.groupby("part").median().sort_values(ascending=False, kind="stable")
    names = [str(name) for name in medians.index[:MOST]]
    trials = {name: by_trial.xs(name, level="part") for name in names}
    longest = max((float(own.max()) for own in trials.values()), default=0.0) or 1.0
    parts = []
    for name in names:
        own, median = trials[name], float(medians[name])
        largest = float(own.max())
        parts.append(
            PartChange(
                name.replace("_", " "), median, largest, str(own.idxmax()),
                BAR * median / longest, BAR * largest / longest,
                (digits(median), digits(largest)),
            )
        )  # fmt: skip
    return QuantityChange(label, unit, tuple(parts), len(medians) - len(parts))


MILLI = 1000.0
ROOT = "pelvis_"
"""Before the coordinates of the root, whose generalised forces are residuals."""


@dataclass(frozen=True, slots=True)
class Line:
    """A number before and after."""

    what: str
    before: str
    after: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of one kind, with their unit."""

    title: str
    lines: tuple[Line, ...]
    others: int = 0
    """Lines that are not shown, which changed less."""


@dataclass(frozen=True, slots=True)
class FittedTrial:
    """The trial that the fit moved furthest."""

    trial_id: str
    blocks: tuple[Block, ...]


def before_and_after(table: pd.DataFrame) -> FittedTrial | None:
    """The trial whose angular momentum the fit moved furthest; None where no trial was fitted."""
    moved = table[table["quantity"].eq("angular_momentum") & table["statistic"].eq(CHANGE)]
    if moved.empty:
        return None
    furthest = moved.groupby("trial_id", observed=True)["after"].max().idxmax()
    own = table[table["trial_id"] == furthest]
    of_body = table[table["trial_id"].isna() | table["trial_id"].eq(str(furthest))]
    body = Block("Body; beside it the standard deviation", tuple(_body(table, of_body)))
    blocks = body, *_blocks(own)
    return FittedTrial(str(furthest), tuple(one for one in blocks if one.lines))


BODY = {
    ("centre_of_mass", WHOLE, "mean", "sd"): "height of the centre of mass, m",
    ("mass", "leg_left", "share", "share_sd"): "share of the left leg",
    ("mass", "leg_right", "share", "share_sd"): "share of the right leg",
}
"""Words by quantity, part, statistic and that of its standard deviation."""


def _body(table: pd.DataFrame, own: pd.DataFrame) -> Iterator[Line]:
    """What the body is, and how sure that is by the participant's fastest trial."""
    for (quantity, part, value, sd), words in BODY.items():
        told, sure = _of(own, quantity, value), _of(table, quantity, sd)
        told, sure = told[told["part"].eq(part)], sure[sure["part"].eq(part)]
        told = told[~told["axis"].isin(["x", "z"])]
        spread = (f"± {one['before']:.3f} → ± {one['after']:.3f}" for _, one in sure.iterrows())
        note = next(spread, "")
        for _, row in told.iterrows():
            yield Line(words, f"{row['before']:.3f}", f"{row['after']:.3f}", note)


def _blocks(own: pd.DataFrame) -> Iterator[Block]:
    yield _moments(own[own["quantity"].eq("joint_moment")])
    markers = _of(own, "marker_error", "rms")
    yield _most("Markers from their bones, skin included, by segment, mm", markers, MILLI)
    bands = _of(own, "spectral_response", "gain")
    yield Block(
        "Amplitude of joint angles over unfiltered inverse kinematics",
        tuple(
            Line(row["part"], *(f"{row[name]:.2f}" for name in ENDS))
            for row in bands.to_dict("records")
        ),
    )
    clocks = _of(own, "clock", "late")
    yield Block(
        "Delay of the forces, ms, according to",
        tuple(
            Line(row["part"], *(digits(MILLI * row[name], "ms") for name in ENDS))
            for row in clocks.to_dict("records")
        ),
    )


ENDS = ("before", "after")


def _of(own: pd.DataFrame, quantity: str, statistic: str) -> pd.DataFrame:
    return own[own["quantity"].eq(quantity) & own["statistic"].eq(statistic)]


def _moments(own: pd.DataFrame) -> Block:
    joints = own[~own["part"].str.startswith(ROOT)]
    alike = joints[joints["statistic"].eq("correlation")].set_index("part")["after"]
    peaks = joints[joints["statistic"].eq("peak") & joints["unit"].eq("N m")]
    block = _most("Peak joint moments, N m", peaks, 1.0)
    lines = tuple(
        Line(one.what, one.before, one.after, f"correlation {alike.get(name, np.nan):.2f}")
        for one, name in zip(block.lines, _largest(peaks)["part"], strict=True)
    )
    return Block(block.title, lines, block.others)


def _largest(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows that changed most."""
    change = (rows["after"] - rows["before"]).abs().sort_values(ascending=False, kind="stable")
    return rows.loc[change.index[:MOST]]


def _most(title: str, rows: pd.DataFrame, factor: float) -> Block:
    lines = (
        Line(str(row["part"]).replace("_", " "), *(f"{factor * row[name]:.1f}" for name in ENDS))
        for row in _largest(rows).to_dict("records")
    )
    return Block(title, tuple(lines), max(len(rows) - MOST, 0))


LEFT_OUT = "left_out"

PERCENT, MILLIMETRES = 100.0, 1000.0

MASS = "mass of the {part}, % of the body's"
ABOVE = "centre of mass in {trial} above the ground, m"
HEIGHT = "centre of mass in {trial} above the ground, % of stature"
PLACE = "centre of mass {way} the centre of pressure in {trial}, predicted without it, mm"


@dataclass(frozen=True, slots=True)
class Witness:
    """One number of the body before and after the fit, and what it is held against."""

    what: str
    before: str
    after: str
    others: str
    """What other people, or the force plate, say."""


def body_witnesses(table: pd.DataFrame) -> list[Witness]:
    """What speaks for the body of a fit, or against it."""
    low, high = (PERCENT * one for one in LEG_SHARE)
    people = f"tables: {digits(low)} (cadavers, Dempster 1955) to {digits(high)} % (women, de Leva)"
    least, most = (PERCENT * one for one in STANDING_SHARE)
    board = f"reaction boards: {digits(least)} to {digits(most)} %"
    kinds = (
        ("mass", "share", MASS, PERCENT, people),
        ("standing", "height", ABOVE, 1.0, "the pose is the same: the difference is the fit's"),
        ("standing", "share", HEIGHT, PERCENT, board),
        ("standing", LEFT_OUT, PLACE, MILLIMETRES, "standing still: 0"),
    )
    found = []
    for quantity, statistic, words, factor, others in kinds:
        own = table[(table["quantity"] == quantity) & (table["statistic"] == statistic)]
        for row in own.to_dict("records"):
            way = "ahead of" if row["axis"] == "x" else "to the right of"
            part = str(row["part"]).replace("leg_", "") + " leg"
            what = words.format(part=part, trial=row["trial_id"], way=way)
            before, after = (digits(factor * float(row[name])) for name in ("before", "after"))
            found.append(Witness(what, before, after, others))
    return found


def postures(table: pd.DataFrame) -> int:
    """In how many postures the athlete stood still on plates."""
    return int(table.loc[table["statistic"] == LEFT_OUT, "trial_id"].nunique())
