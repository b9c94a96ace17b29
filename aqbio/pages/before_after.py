"""What a trial was before the fit and after it: heights, moments, markers, bandwidth, clocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aqbio.figures.numbers import shown
from aqbio.pages.fit_changes import CHANGE, MOST, WHOLE

if TYPE_CHECKING:
    import pandas as pd

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
    for statistic, title in WAVES.items():
        yield _answered(_of(own, "wave_response", statistic), title)
    clocks = _of(own, "clock", "late")
    yield Block(
        "Forces late, ms, as told by",
        tuple(
            Line(row["part"], *(shown(MILLI * row[name], "ms") for name in ENDS))
            for row in clocks.to_dict("records")
        ),
    )


ENDS = ("before", "after")
AT = "12 Hz"
"""Frequency of the waves whose answers are shown: where skin and muscle swing after touchdown."""
WAVES = {
    "of_motion": f"Motion of {AT}: what of it is kept (1 is right)",
    "of_skin": f"Skin that moves at {AT}: what of it is taken for motion (0 is right)",
}
"""Titles by statistic."""


def _of(own: pd.DataFrame, quantity: str, statistic: str) -> pd.DataFrame:
    return own[own["quantity"].eq(quantity) & own["statistic"].eq(statistic)]


def _answered(rows: pd.DataFrame, title: str) -> Block:
    """Answers to waves of one frequency."""
    chosen = rows[rows["part"].str.endswith(f", {AT}")]
    return Block(
        title,
        tuple(
            Line(row["part"].removesuffix(f", {AT}"), *(f"{row[name]:.2f}" for name in ENDS))
            for row in chosen.to_dict("records")
        ),
    )


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
