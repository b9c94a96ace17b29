"""The page of an athlete: trials, left and right, what to record better, what the fit changed."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from aqbio.consistency.files import changes_path
from aqbio.errors import Finding, causes
from aqbio.figures.step_means import column_title, kept_steps, step_columns
from aqbio.figures.words import digits
from aqbio.gait.curves import role_scheme
from aqbio.gait.step_files import participant_rows
from aqbio.io.atomic import write_text
from aqbio.io.dictionary import Columns, columns
from aqbio.io.study import Study
from aqbio.io.tables import joined, read_columns, with_texts
from aqbio.names import NORMAL
from aqbio.pages.filters import CONTENT_SECURITY, rows, template
from aqbio.pages.fit import BAR, before_and_after, body_witnesses, fit_changes, postures, sessions
from aqbio.pages.quality import quality_tables, residuals
from aqbio.pages.summary import athlete_lines, people_table, trial_lines
from aqbio.steps.stage_tables import trial_rows
from aqbio.study.manifest import OK
from aqbio.vectors import FloatArray

MEASURES = {
    "contact_s": ("Contact time", "ms", 1000.0),
    "flight_s": ("Flight time", "ms", 1000.0),
    "step_length_m": ("Step length", "m", 1.0),
    "step_frequency_hz": ("Step frequency", "1/s", 1.0),
    "peak_vertical_force_bw": ("Peak upward force", "BW", 1.0),
    "H_push_side_y_stance_mean_kgm2ps": ("Vertical angular momentum, push side", "kg m²/s", 1.0),
}
"""Words, unit on the page and factor to it of what is compared, by column of steps.tsv."""

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class SideComparison:
    """One measure on both feet, in the unit of the page."""

    label: str
    unit: str
    left: float
    right: float
    """left, right: Means over steps whose contact is on that foot."""
    difference: float
    low: float
    high: float
    """difference, low, high: right − left, per cent of their mean, with its interval."""

    @property
    def sure(self) -> bool:
        """Whether the interval is on one side of 0."""
        return self.low > 0.0 or self.high < 0.0


@dataclass(frozen=True, slots=True)
class SpeedRows:
    """An athlete's steps at one speed in one condition."""

    title: str
    left: int
    right: int
    """left, right: Number of steps."""
    compared: tuple[SideComparison, ...]


def left_and_right(steps: pd.DataFrame, edges_mps: Sequence[float]) -> tuple[SpeedRows, ...]:
    """Compare both feet of an athlete."""
    kept = kept_steps(steps)
    return tuple(
        _speed_rows(column_title(column.condition, column.speed_mps), kept.iloc[column.rows])
        for column in step_columns(kept, edges_mps)
    )


def _speed_rows(title: str, steps: pd.DataFrame) -> SpeedRows:
    left, right = (steps[steps["side"] == side] for side in ("left", "right"))
    return SpeedRows(title, len(left), len(right), tuple(_compared(left, right)))


def _compared(left: pd.DataFrame, right: pd.DataFrame) -> Iterator[SideComparison]:
    for column, (label, unit, factor) in MEASURES.items():
        one, other = (factor * own[column].dropna().to_numpy(dtype=float) for own in (left, right))
        if len(one) or len(other):
            yield SideComparison(
                label, unit, _mean(one), _mean(other), *relative_difference(one, other)
            )


def _mean(values: FloatArray) -> float:
    return float(values.mean()) if len(values) else math.nan


def relative_difference(left: FloatArray, right: FloatArray) -> tuple[float, float, float]:
    """Right − left, per cent of the size of their mean, with its 95 % interval (Welch 1947).

    Steps are taken as independent; NaN where a side has no step or the mean is 0, no interval from
    a single step.
    """
    if not (len(left) and len(right)):
        return math.nan, math.nan, math.nan
    size = abs(0.5 * (left.mean() + right.mean()))
    if size == 0.0:
        return math.nan, math.nan, math.nan
    difference = 100.0 * float(right.mean() - left.mean()) / size
    if min(len(left), len(right)) < 2 or (np.ptp(left) == 0.0 and np.ptp(right) == 0.0):
        return difference, math.nan, math.nan
    variances = np.array([one.var(ddof=1) / len(one) for one in (left, right)])
    own = variances**2 / [len(left) - 1, len(right) - 1]
    freedom = variances.sum() ** 2 / own.sum()
    half = 100.0 * stdtrit(freedom, 0.5 * (1.0 + CONFIDENCE)) * np.sqrt(variances.sum()) / size
    return difference, float(difference - half), float(difference + half)


def comparisons(steps: pd.DataFrame, replayed: Collection[str]) -> Iterator[tuple[str, str]]:
    """Words and address endings of pairs: left and right, slow and fast, other conditions."""
    own = steps[(steps["status"] == "ok") & steps["trial_id"].isin(list(replayed))]
    if own.empty:
        return
    who = str(own["participant_id"].iloc[0])
    speeds = own.groupby(["condition", "trial_id"])["speed_mps"].mean()
    conditions = sorted(speeds.index.unique("condition"), key=lambda one: (one != NORMAL, one))
    first = speeds[conditions[0]].sort_values(kind="stable")
    slowest, fastest = str(first.index[0]), str(first.index[-1])
    at = digits(float(first.iloc[-1]), "m/s")

    def ends(one: str, other: str, feet: tuple[str, str], more: str = "") -> str:
        sides = zip("ab", (one, other), feet, strict=True)
        return (
            "&".join(f"{x}={quote(who)}/{quote(trial)}@{foot}" for x, trial, foot in sides) + more
        )

    sound = own[own["trial_id"] == fastest]
    if set(sound["side"]) == {"left", "right"}:
        words = f"left step against right step at {at} m/s"
        yield words, ends(fastest, fastest, ("left", "right"), "&mirror=a")
    if slowest != fastest:
        low = digits(float(first.iloc[0]), "m/s")
        yield f"{low} against {at} m/s", ends(slowest, fastest, ("right", "right"))
    for condition in conditions[1:]:
        other = str(speeds[condition].idxmax())
        words = f"{conditions[0]} against {condition} at top speed".replace("_", " ")
        yield words, ends(fastest, other, ("right", "right"))


STAGE = "pages"


def _page(study: Study, participant_id: str) -> Path:
    """Where a participant's page is made."""
    return study.folder(participant_id, STAGE) / "athletes" / f"{participant_id}.html"


def write_missing_page(study: Study, participant_id: str) -> None:
    """Leave a page that says that there is none."""
    page = template("missing.html.j2").render(
        security=CONTENT_SECURITY["folder"], root="../", participant=participant_id
    )
    write_text(_page(study, participant_id), page)


def write_athlete_page(
    study: Study,
    participant_id: str,
    replayed: Sequence[Mapping[str, Any]],
    found: Iterable[Finding],
) -> None:
    """Write ``athletes/<participant>.html``."""
    described = columns("steps", group=role_scheme(study).items)
    steps = _table([participant_rows(study, participant_id, "steps")], described)
    quality = _table([participant_rows(study, participant_id, "quality")], columns("quality"))
    consistency = study.read_manifest(participant_id, "inverse_dynamics")
    fitted = [changes_path(study, participant_id)] if consistency["adjusted_model"] else []
    changes = _table(map(read_columns, fitted), columns("fit_changes"))
    sheet = list(trial_rows(study, participant_id, steps, quality))
    trials = pd.DataFrame(sheet, columns=list(columns("trials")))
    with_page = {str(one["trial_id"]) for one in replayed if one["status"] == OK}
    wanted = [one for one in causes(found) if one.first.severity != "info" and one.first.fix]
    page = template("athlete.html.j2").render(
        security=CONTENT_SECURITY["folder"],
        root="../",
        participant=participant_id,
        line=athlete_lines(people_table([study.participant(participant_id)]), trials)[0],
        trials=trial_lines(trials, {(participant_id, one) for one in with_page}),
        speeds=left_and_right(steps, study.settings.figures.speed_edges_mps),
        steps=rows(steps),
        quality=quality_tables(quality),
        session=sessions([consistency], residuals(quality))[0],
        wanted=wanted,
        changes=fit_changes(changes),
        fitted=before_and_after(changes),
        bar=BAR,
        beside=list(comparisons(steps, with_page)),
        witnesses=body_witnesses(changes),
        postures=postures(changes),
    )
    write_text(_page(study, participant_id), page)


def _table(parts: Iterable[pd.DataFrame], described: Columns) -> pd.DataFrame:
    return with_texts(joined(parts, list(described)))
