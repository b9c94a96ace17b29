"""Page of the public runners: ``python -m validation.real_runners STUDY``.

From the results of ``data/public_runners`` (``make public``): angular momentum about the vertical
by part against speed, left against right, scatter between people against stated errors, and
verdicts. Writes ``docs/real_runners.md`` and its figures; every
number and every sentence that depends on one comes from the results.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from aqbio import __version__
from aqbio.figures.files import save_figure
from aqbio.figures.style import (
    BLUE,
    FRAME,
    GREEN,
    GREY,
    STYLES,
    VERMILLION,
    journal_style,
    legend_above,
    mark,
    panels,
)
from aqbio.figures.words import MISSING, digits
from aqbio.gait.step_files import steady_steps
from aqbio.intervals.worlds import PERSON, SESSION, TRIAL
from aqbio.io.atomic import write_text
from aqbio.io.tables import read_table
from aqbio.names import NORMAL_95, SIDES
from aqbio.observed.invalidated import outcomes_of_cell
from aqbio.pages.filters import counted
from aqbio.prepare.used_size import body_scale
from aqbio.reference.group import (
    ERROR,
    MEAN,
    THOUSANDTHS,
    other_people,
    others_at,
    people_words,
    reference_rows,
)
from aqbio.results import StudyResults, open_study
from aqbio.stats.registry import read_registry
from validation.verdicts import markdown

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
IMAGES = DOCS / "images"
TEMPLATE = Path(__file__).with_name("real_runners_page.txt")

TREADMILL = "hamner_delp_2013"
"""Laboratory of participants.tsv with enough people for means and scatter."""

PARTS = ("push_leg", "swing_leg", "arms", "torso", "pelvis", "total")
PLOTTED = ("push_leg", "swing_leg", "arms", "torso", "total")
WITH_SIDES = ("push_leg", "arms", "torso", "push_side", "swing_side", "total")
JUDGED = ("H1", "H4", "H5a")
UNIT = "kg m²/s"


@dataclass(frozen=True)
class Runners:
    """Numbers of the study that tables, sentences and figures are made of."""

    results: StudyResults

    @cached_property
    def means(self) -> pd.DataFrame:
        """Momentum about the vertical of every sound trial by part, mean of both feet."""
        study, tables = self.results.study, self.results.tables
        rows = reference_rows(study, tables["steps"], tables["trials"])
        return self._with_nominal_speed(rows[rows["axis"] == "y"])

    def _with_nominal_speed(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Add the speed that each trial was meant to have, from a column of the sheet."""
        sheet = read_table(self.results.study.sheet("trials"))
        return rows.merge(sheet[["participant_id", "trial_id", "nominal_mps"]])

    @cached_property
    def sides(self) -> pd.DataFrame:
        """Momentum about the vertical by part and stance foot of the trials of `means`."""
        trials = self.means[["participant_id", "trial_id", "laboratory", "speed_mps"]]
        steps = self.results.tables["steps"]
        complete_steps = steps[steps["status"] == "ok"].drop(columns="speed_mps")
        complete_steps = complete_steps.merge(trials.drop_duplicates())
        feet = complete_steps.groupby(
            ["participant_id", "trial_id", "laboratory", "speed_mps", "side"]
        )
        parts = [
            pd.DataFrame(
                {
                    "part": part,
                    "mean": feet[MEAN.format(part, "y")].mean(),
                    "error": feet[ERROR.format(part, "y")].mean(),
                }
            ).reset_index()
            for part in WITH_SIDES
        ]
        return self._with_nominal_speed(pd.concat(parts, ignore_index=True))

    @property
    def treadmill(self) -> pd.DataFrame:
        """Rows of the people on the treadmill."""
        return self.means[self.means["laboratory"] == TREADMILL]

    @property
    def sprinters(self) -> pd.DataFrame:
        """Rows of the people of other laboratories, each in order of speed."""
        others = self.means[self.means["laboratory"] != TREADMILL]
        return others.sort_values(["participant_id", "speed_mps"], kind="stable")

    @cached_property
    def differences(self) -> pd.DataFrame:
        """Right minus left by person, speed and part of the people on the treadmill."""
        rows = self.sides[self.sides["laboratory"] == TREADMILL]
        keys = ["participant_id", "laboratory", "nominal_mps", "speed_mps", "part"]
        left, right = (rows[rows["side"] == side].drop(columns="side") for side in SIDES)
        feet = left.merge(right, on=keys, suffixes=("_left", "_right"))
        return feet.assign(difference=feet["mean_right"] - feet["mean_left"])

    @cached_property
    def own_errors(self) -> pd.DataFrame:
        """Standard deviation of a person's own error by trial and part, and of right minus left.

        From the joint draws of all steps: without the errors that all people of a laboratory share.
        """
        parts = []
        for person in self.treadmill["participant_id"].unique():
            data = self.results.draws(person, levels=("A",), scopes=(PERSON, SESSION, TRIAL))
            data = data.sel(axis="y", outcome=data["statistic"].values == "momentum_mean")
            sources = data["source"].values.tolist()
            chosen = [sources.index(part) for part in WITH_SIDES]
            deviations = data["deviation"].values[:, :, chosen]
            trial, side = data["trial_id"].values, data["side"].values
            for name in dict.fromkeys(trial.tolist()):
                left, right = (
                    deviations[:, (trial == name) & (side == foot)].mean(axis=1) for foot in SIDES
                )
                errors = {
                    "own_sd": (0.5 * (left + right)).std(axis=0),
                    "sides_sd": (right - left).std(axis=0),
                }
                keys = {"participant_id": person, "trial_id": name, "part": list(WITH_SIDES)}
                parts.append(pd.DataFrame(keys | errors))
        trials = self.means[["participant_id", "trial_id", "nominal_mps"]].drop_duplicates()
        return pd.concat(parts, ignore_index=True).merge(trials)

    def records(self, table: str) -> list[dict[str, Any]]:
        """Rows of a table of the study as dictionaries."""
        return _records(self.results.tables[table])


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


# tables -----------------------------------------------------------------------------------------


def _label(part: str) -> str:
    return STYLES[part].label if part in STYLES else part.replace("_", " ")


def momentum_table(runners: Runners) -> str:
    """Mean ± SD over people on the treadmill by part and speed."""
    rows = runners.treadmill
    speeds = sorted(rows["nominal_mps"].unique())
    counts = [rows[rows["nominal_mps"] == speed]["person"].nunique() for speed in speeds]
    head = [
        f"{UNIT}",
        *(f"{speed:g} m/s (n = {count})" for speed, count in zip(speeds, counts, strict=True)),
    ]
    lines = []
    for part in (*PARTS, "push_side"):
        name = f"**{_label(part)}**" if part in ("push_side", "total") else _label(part)
        lines.append([name, *_people_cells(rows, part, "mean_kgm2ps")])
    return markdown(head, lines)


def _people_cells(rows: pd.DataFrame, part: str, column: str) -> Iterator[str]:
    """Mean ± SD over people at each speed."""
    for _, of_speed in rows[rows["part"] == part].groupby("nominal_mps"):
        values = of_speed[column]
        yield f"{_digits(values.mean())} ± {_digits(values.std(ddof=1))}"


def sprinter_table(runners: Runners) -> str:
    """Momentum by part of every trial of the sprinters, with its error."""
    lines = []
    for (name, _), trial in runners.sprinters.groupby(["participant_id", "trial_id"], sort=False):
        by_part = {row["part"]: row for row in _records(trial)}
        speed, surface = trial["speed_mps"].iloc[0], trial["surface"].iloc[0]
        cells = [
            f"{_digits(by_part[part]['mean_kgm2ps'])} ± "
            f"{_digits(NORMAL_95 * by_part[part]['error_sd_kgm2ps'])}"
            for part in (*PARTS, "push_side")
        ]
        lines.append([f"{name}, {surface}", f"{speed:.1f}", *cells])
    head = [f"sprinter ({UNIT})", "m/s", *map(_label, (*PARTS, "push_side"))]
    return markdown(head, lines)


def scaled_table(runners: Runners) -> str:
    """The same over mass, stature and speed."""
    rows, sprinters = runners.treadmill, runners.sprinters
    speeds = sorted(rows["nominal_mps"].unique())
    people = list(dict.fromkeys(sprinters["participant_id"]))
    ranges = [
        f"{name}, {of_person.min():.1f} to {of_person.max():.1f}"
        for name, of_person in sprinters.groupby("participant_id", sort=False)["speed_mps"]
    ]
    lines = []
    for part in PARTS:
        of_part = sprinters[sprinters["part"] == part].groupby("participant_id")["scaled"]
        low, high = of_part.min(), of_part.max()
        spans = [f"{_digits(low[name])} to {_digits(high[name])}" for name in people]
        lines.append([_label(part), *_people_cells(rows, part, "scaled"), *spans])
    return markdown(["10⁻³ m h v", *(f"{speed:g} m/s" for speed in speeds), *ranges], lines)


def spread_table(runners: Runners) -> str:
    """Scatter between people and between feet beside the errors of joint draws."""
    rows, differences = runners.treadmill, runners.differences
    speeds = sorted(rows["nominal_mps"].unique())
    head = [
        f"{UNIT}, {' '.join(f'{speed:g}' for speed in speeds)} m/s", "SD between people",
        "own error, SD", "right − left, RMS", "error of it, SD",
    ]  # fmt: skip

    lines = []
    for part in WITH_SIDES:
        people = rows[rows["part"] == part].groupby("nominal_mps")
        errors = runners.own_errors
        own_errors = errors[errors["part"] == part].groupby("nominal_mps")
        feet = differences[differences["part"] == part].groupby("nominal_mps")
        columns = (
            people["mean_kgm2ps"].std(ddof=1),
            own_errors["own_sd"].agg(_rms),
            feet["difference"].agg(_rms),
            own_errors["sides_sd"].agg(_rms),
        )
        lines.append([_label(part), *(" ".join(map(_digits, column)) for column in columns)])
    return markdown(head, lines)


def sides_table(runners: Runners) -> str:
    """Mean difference between the feet by part and speed, and how many people have its sign."""
    rows = runners.differences
    speeds = sorted(rows["nominal_mps"].unique())
    lines = []
    for part in WITH_SIDES:
        cells = [_label(part)]
        for speed in speeds:
            values = rows[(rows["part"] == part) & (rows["nominal_mps"] == speed)]["difference"]
            cells.append(
                f"{_digits(values.mean())} ± {_digits(values.std(ddof=1))} "
                f"({int((values > 0).sum())} of {len(values)})"
            )
        lines.append(cells)
    return markdown([UNIT, *(f"{speed:g} m/s" for speed in speeds)], lines)


def laboratory_table(runners: Runners) -> str:
    """The sprinters beside the people of the treadmill at the same speed."""
    study, lines = runners.results.study, []
    for row in _records(runners.sprinters):
        name = str(row["participant_id"])
        people = other_people(runners.treadmill, study, name)
        treadmill = others_at(people, row["part"], "y", row["speed_mps"])
        if row["part"] not in PARTS or not treadmill.values:
            continue
        scale = body_scale(study, name) * row["speed_mps"] / THOUSANDTHS
        low, high = treadmill.range
        mean = f"{_digits(treadmill.mean * scale)} ± {_digits(treadmill.sd * scale)}"
        lines.append(
            [
                name, f"{row['speed_mps']:.1f}", _label(row["part"]), _digits(row["mean_kgm2ps"]),
                _digits(NORMAL_95 * row["error_sd_kgm2ps"]), mean if treadmill.is_band else "n/a",
                f"{_digits(low * scale)} to {_digits(high * scale)}", str(len(treadmill.values)),
            ]
        )  # fmt: skip
    return markdown(
        ["sprinter", "m/s", "part", UNIT, "± (95 %)", "treadmill, mean ± SD", "range", "people"],
        lines,
    )


def verdict_table(runners: Runners) -> str:
    """Verdicts with estimate, interval, people who show it, gates and reason."""
    verdicts = {row["hypothesis"]: row for row in runners.records("verdicts")}
    lines = []
    for name in JUDGED:
        row = verdicts[name]
        estimate, low, high = (digits(row[key]) for key in ("estimate", "ci_low", "ci_high"))
        lines.append(
            [
                name, f"**{row['verdict'].replace('_', ' ')}**", f"{estimate} ({low} to {high})",
                digits(row["smallest_effect"]), f"{row['n_showing']:.0f} of {row['n_athletes']}",
                str(row["gates"]), str(row["reason"]).replace("|", "/"),
            ]
        )  # fmt: skip
    head = ["", "verdict", "estimate (95 %)", "smallest effect", "show it", "gates", "reason"]
    return markdown(head, lines)


def _rms(values: pd.Series[Any]) -> float:
    return float(np.sqrt((values**2).mean()))


def _digits(value: float) -> str:
    return digits(float(value), UNIT)


# sentences --------------------------------------------------------------------------------------


def short_answer(runners: Runners) -> str:
    """First sentences of the page."""
    rows = runners.treadmill
    fastest, slowest = rows["nominal_mps"].max(), rows["nominal_mps"].min()

    def mean(part: str, speed: float) -> float:
        chosen = rows[(rows["part"] == part) & (rows["nominal_mps"] == speed)]
        return float(chosen["mean_kgm2ps"].mean())

    at_fastest = ", ".join(
        f"{_label(part)} {_digits(mean(part, fastest))}" for part in PARTS if part != "pelvis"
    )
    return (
        f"While a foot is on the ground {_signs_words(runners)}. At {fastest:g} m/s, mean over "
        f"people on the treadmill in {UNIT}: {at_fastest}; arms at {slowest:g} m/s "
        f"{_digits(mean('arms', slowest))}."
    )


def _signs_words(runners: Runners) -> str:
    """State which way the parts turn, and in how many people."""
    expected = {"push_leg": -1.0, "swing_leg": -1.0, "arms": 1.0, "torso": 1.0}
    rows = runners.means[runners.means["part"].isin(expected)]
    alike = np.sign(rows["mean_kgm2ps"]) == rows["part"].map(expected)
    people, trials = rows["person"].nunique(), len(rows) // len(expected)
    throughout = int(alike.groupby(rows["person"]).all().sum())
    clause = (
        "in every person at every speed"
        if throughout == people
        else f"in {throughout} of {people} people at every speed"
    )
    return (
        "both legs turn one way about the vertical, arms and torso the other, "
        f"{clause} ({people} people, {trials} trials)"
    )


def scaling_words(runners: Runners) -> str:
    """State how little scaled momentum changes with speed."""
    rows = runners.means
    spans = []
    for part in ("swing_leg", "arms", "torso", "push_leg"):
        by_speed = (
            rows[rows["part"] == part].groupby(["laboratory", "nominal_mps"])["scaled"].mean()
        )
        spans.append(f"{_label(part)} {_digits(by_speed.min())} to {_digits(by_speed.max())}")
    low, high = rows["speed_mps"].min(), rows["speed_mps"].max()
    return (
        f"Over mass, stature and speed each part is nearly the same from {low:.1f} to {high:.1f} "
        f"m/s (means by laboratory and speed, thousandths): {', '.join(spans)}."
    )


def left_out_words(runners: Runners) -> str:
    """Name the trials whose momentum does not count, with the measure that decides."""
    trials = runners.results.tables["trials"]
    left_out = [
        f"{row['participant_id']} {row['trial_id']} ({row['outside']})"
        for row in runners.records("trials")
        if "momentum" in outcomes_of_cell(row["invalidated"])
    ]
    steps = runners.results.tables["steps"]
    steady = set(steady_steps(steps[steps["status"] == "ok"])["participant_id"].astype(str))
    absent = [name for name in dict.fromkeys(trials["participant_id"]) if name not in steady]
    if not left_out and not absent:
        return f"All {counted(len(trials), 'trial')} count."
    sentences = []
    if left_out:
        sentences.append(f"Trials excluded for a measure that failed: {', '.join(left_out)}.")
    sentences += [
        f"{name} accelerates throughout, so none of the steps of {name} is steady; all trials of "
        f"{name} are excluded."
        for name in absent
    ]
    return " ".join(sentences)


# figures ----------------------------------------------------------------------------------------


@journal_style()
def draw_speed(runners: Runners, width_mm: float = 180.0) -> Drawing:
    """Draw momentum by part against speed, every person a line."""
    figure, axes = panels(width_mm, wide=(1, len(PLOTTED), 68.0), narrow=(3, 2, 140.0), sharey=True)
    for number, (ax, part) in enumerate(zip(axes, PLOTTED, strict=False)):
        _lines(ax, runners.means[runners.means["part"] == part], "mean_kgm2ps")
        ax.set_title(_label(part).capitalize())
        ax.set_xlabel("Speed (m/s)")
        if number == 0:
            ax.set_ylabel(f"Angular momentum about\nthe vertical ({UNIT})")
    legend_above(figure, _key(runners), 3, narrow=1)
    return figure


@journal_style()
def draw_sides(runners: Runners, width_mm: float = 180.0) -> Drawing:
    """Draw right minus left against speed, every person a line."""
    rows = runners.differences
    figure, axes = panels(width_mm, wide=(1, len(PLOTTED), 62.0), narrow=(3, 2, 140.0), sharey=True)
    for number, (ax, part) in enumerate(zip(axes, PLOTTED, strict=False)):
        chosen = rows[rows["part"] == (part if part != "swing_leg" else "swing_side")]
        _lines(ax, chosen, "difference")
        ax.set_title(_label(part).capitalize())
        ax.set_xlabel("Speed (m/s)")
        if number == 0:
            ax.set_ylabel(f"Right − left steps\n({UNIT})")
    legend_above(figure, _key(runners)[:1], 1)
    return figure


SPRINTER_LOOKS = (("D", BLUE), ("^", VERMILLION), ("s", GREEN))


def _key(runners: Runners) -> list[Any]:
    people = runners.treadmill["person"].nunique()
    sprinters = runners.sprinters.drop_duplicates("participant_id")
    return [
        mark("o", GREY, f"{people} men on a treadmill", 3.0),
        *(
            mark(shape, colour, f"a sprinter, {surface} ({name})", 4.0)
            for (shape, colour), name, surface in zip(
                SPRINTER_LOOKS, sprinters["participant_id"], sprinters["surface"], strict=False
            )
        ),
    ]


def _lines(ax: Axes, rows: pd.DataFrame, column: str) -> None:
    ax.axhline(0.0, color=FRAME, linewidth=0.6, zorder=1)
    sprinters = sorted(set(rows.loc[rows["laboratory"] != TREADMILL, "participant_id"]))
    looks = dict(zip(sprinters, SPRINTER_LOOKS, strict=False))
    for name, trials in rows.groupby("participant_id"):
        person = trials.sort_values("speed_mps")
        look: dict[str, Any] = {"color": GREY, "marker": "o", "markersize": 2.2, "linewidth": 0.8,
                                "alpha": 0.8}  # fmt: skip
        if name in looks:
            shape, colour = looks[str(name)]
            look = {"color": colour, "marker": shape, "markersize": 3.4, "linewidth": 1.3,
                    "zorder": 4}  # fmt: skip
        ax.plot(person["speed_mps"], person[column], **look)
    ax.margins(x=0.06)


# the page ---------------------------------------------------------------------------------------


def page(runners: Runners) -> str:
    """The page for readers."""
    results = runners.results
    verdicts, deviations = results.tables["verdicts"], results.tables["deviations"]
    changed = (
        f" but {counted(len(deviations), 'change')} (deviations.tsv)" if len(deviations) else ""
    )
    steps = results.tables["steps"]
    return TEMPLATE.read_text(encoding="utf-8").format(
        version=__version__,
        people=results.tables["trials"]["participant_id"].nunique(),
        trials=len(results.tables["trials"]),
        steps=int((steps["status"] == "ok").sum()),
        who=people_words(runners.means),
        registry_hash=verdicts["registry_hash"].iloc[0],
        changed=changed,
        answer=short_answer(runners),
        momentum=momentum_table(runners),
        sprinters=sprinter_table(runners),
        scaling=scaling_words(runners),
        scaled=scaled_table(runners),
        left_out=left_out_words(runners),
        sides=sides_table(runners),
        spread=spread_table(runners),
        verdicts=verdict_table(runners),
        laboratories=laboratory_table(runners),
    )


def readme_words(runners: Runners) -> str:
    """Findings, for the first lines of README.md."""
    verdicts = {row["hypothesis"]: row for row in runners.records("verdicts")}
    people, low, high = (
        runners.means["person"].nunique(),
        runners.means["speed_mps"].min(),
        runners.means["speed_mps"].max(),
    )

    registry = read_registry()

    def judged(name: str, share: str) -> str:
        row, title = verdicts[name], registry[name].title
        ends = f"{digits(row['ci_low'])} to {digits(row['ci_high'])}"
        return (
            f"That {title[0].lower()}{title[1:]} is *{_verdict(row)}*: the share of {share} is "
            f"{digits(row['estimate'])}, 95 % {ends}, where the hypothesis predicts at least "
            f"{digits(row['smallest_effect'])}."
        )

    belts = runners.means[runners.means["surface"] == "treadmill"]["person"].nunique()
    return (
        f"In {people} runners whose recordings are public ({low:.0f} to {high:.1f} m/s), "
        f"{_signs_words(runners)}. {judged('H1', 'the angular momentum of the swing leg')} "
        f"{judged('H4', 'the upward push')} {belts} of them ran on a treadmill, and all are men "
        "([what this can and cannot show](docs/real_runners.md))."
    )


def _verdict(row: dict[str, Any]) -> str:
    return str(row["verdict"]).replace("_", " ")


def claims_words(runners: Runners) -> str:
    """Table of the hypotheses and what the public runners say, for docs/claims.md."""
    lines = []
    for row in runners.records("verdicts"):
        estimate, low, high = (digits(row[key]) for key in ("estimate", "ci_low", "ci_high"))
        number = f"{estimate} ({low} to {high})" if estimate != MISSING else ""
        people = f"{row['n_athletes']}" if number else ""
        why = "" if number and row["verdict"] != "inconclusive" else str(row["reason"])
        lines.append([row["hypothesis"], _verdict(row), number, people, why.replace("|", "/")])
    return markdown(["", "verdict", "estimate (95 %)", "people", "why"], lines)


MARK = "<!-- {} of python -m validation.real_runners -->"


def with_words(text: str, words: str) -> str:
    """Put words between the marks of a page."""
    begin, end = MARK.format("begin"), MARK.format("end")
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    if not after:
        raise ValueError(f"the page lacks the marks {begin} and {end}.")
    return f"{before}{begin}\n{words}\n{end}{after}"


def main(arguments: Sequence[str]) -> int:
    """Write page and figures of the study that the only argument names."""
    runners = Runners(open_study(arguments[0]))
    write_text(DOCS / "real_runners.md", page(runners))
    for path, words in (
        (ROOT / "README.md", readme_words(runners)),
        (DOCS / "claims.md", claims_words(runners)),
    ):
        write_text(path, with_words(path.read_text(encoding="utf-8"), words))
    for name, draw in (("real_runners", draw_speed), ("real_sides", draw_sides)):
        for path in save_figure(draw(runners), IMAGES / name, ("svg",)):
            print(f"wrote {path}")
    print(f"wrote {DOCS / 'real_runners.md'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
