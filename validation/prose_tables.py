"""Tables of a finished study, read again, and what its pages say recomputed from them."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

NUMBER = r"[−+-]?\d+(?:\.\d+)?(?:×10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?"
"""A number as pages write it."""

_PLAIN_DIGITS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")

REPEAT_RATIO, SPEED_RATIO = 1.05, 1.15
"""Largest ratios of speeds of one class: of an athlete, and of different athletes."""


def value_of(text: str) -> float:
    """Value of a number as pages write it."""
    mantissa, _, exponent = text.replace("−", "-").partition("×10")
    return float(mantissa) * 10.0 ** int(exponent.translate(_PLAIN_DIGITS) or 0)


def agrees(text: str, value: float) -> bool:
    """True if a written number is the value, rounded to its last digit."""
    mantissa, _, exponent = text.replace("−", "-").partition("×10")
    decimals = len(mantissa.partition(".")[2])
    unit = 10.0 ** (int(exponent.translate(_PLAIN_DIGITS) or 0) - decimals)
    if not decimals and not exponent and abs(value) >= 1000.0:
        unit = max(unit, 10.0 ** (math.floor(math.log10(abs(value))) - 4))
    return math.isfinite(value) and abs(value_of(text) - value) <= 0.5001 * unit


def same(text: str) -> str:
    """A text without what pages change when they quote it: signs, spaces, case, final stop."""
    text = text.replace("−", "-").replace("%", " %").replace("_", " ")
    return re.sub(r"\s+", " ", text).strip().rstrip(".").lower()


@dataclass(frozen=True)
class SpeedClass:
    """Kept steps of one condition at the speeds of one class."""

    condition: str
    steps: pd.DataFrame

    @cached_property
    def speeds(self) -> pd.Series[float]:
        """Mean speed of every athlete."""
        return self.steps.groupby("participant_id")["speed_mps"].mean()

    def mean(self, column: str) -> float:
        """Mean over athletes of the means of their steps."""
        return float(self.steps.groupby("participant_id")[column].mean().mean())

    @property
    def size(self) -> tuple[int, int]:
        """Numbers of athletes and of steps."""
        return len(self.speeds), len(self.steps)


class StudyTables:
    """Tables below the folder of a study's results."""

    def __init__(self, results: Path) -> None:
        self.results = results
        self._tables: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        """Rows of ``tables/<name>.tsv`` or ``figures/<name>.tsv``; none where there is no file."""
        if name not in self._tables:
            paths = [self.results / folder / f"{name}.tsv" for folder in ("tables", "figures")]
            path = next((path for path in paths if path.is_file()), None)
            table = pd.DataFrame() if path is None else read_table(path)
            self._tables[name] = table
        return self._tables[name]

    def replace(self, name: str, rows: pd.DataFrame) -> None:
        """Put other rows in the place of a table."""
        self._tables[name] = rows

    @cached_property
    def record(self) -> dict[str, Any]:
        """What was recorded before the data were read."""
        return self._json("registry.json")

    @cached_property
    def registry(self) -> dict[str, Any]:
        """Registry of hypotheses of that record."""
        return dict(self.record.get("registry", {}))

    @cached_property
    def sheets(self) -> dict[str, Any]:
        """Sheets of the study as they were recorded before the data were read."""
        return dict(self.record.get("sheets", {}))

    @cached_property
    def figures(self) -> list[dict[str, Any]]:
        """Figures in the order of the page."""
        return list(self._json("figures/figures.json").get("figures", []))

    @cached_property
    def roles(self) -> str:
        """Parts of both sides, in words."""
        return str(self._json("figures/figures.json").get("roles", ""))

    @cached_property
    def settings(self) -> dict[str, Any]:
        """Settings by name, from the sidecars of tables."""
        found: dict[str, Any] = {}
        for path in (self.results / "tables").glob("*.json"):
            provenance = json.loads(path.read_text(encoding="utf-8")).get("provenance", {})
            for section, values in json.loads(provenance.get("settings", "{}")).items():
                found |= {f"{section}.{name}": value for name, value in dict(values).items()}
        return found

    @cached_property
    def versions(self) -> dict[str, str]:
        """Version by library, from the sidecar of the steps."""
        provenance = self._json("tables/steps.json").get("provenance", {})
        return dict(json.loads(provenance.get("versions", "{}")))

    def stage(self, name: str) -> dict[str, dict[str, Any]]:
        """Records of a stage by athlete."""
        paths = sorted((self.results / "participants").glob(f"*/{name}.json"))
        return {path.parent.name: self._json(str(path.relative_to(self.results))) for path in paths}

    def done(self, name: str) -> list[dict[str, Any]]:
        """Records of the trials that a stage could do."""
        trials = [one for record in self.stage(name).values() for one in record.get("trials", ())]
        return [trial for trial in trials if trial.get("status") == "ok"]

    def mass(self, athlete: str) -> float:
        """Body mass on which an athlete's results rest, kg; NaN where it is not known."""
        value = self.stage("prepare").get(athlete, {}).get("mass_kg")
        if value is None:
            value = self.sheets.get("participant", {}).get(athlete, {}).get("mass_kg")
        return math.nan if value is None else float(value)

    def _json(self, name: str) -> dict[str, Any]:
        path = self.results / name
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}

    @cached_property
    def kept(self) -> pd.DataFrame:
        """Whole steps; of a trial without any, the contacts that were recorded completely."""
        steps = self["steps"]
        whole = steps["status"] == "ok"
        trial = [steps["participant_id"], steps["trial_id"]]
        has_whole = whole.groupby(trial).transform("any")
        return steps[whole | (~has_whole & (steps["status"] == "incomplete"))]

    @cached_property
    def classes(self) -> list[SpeedClass]:
        """Classes of the speeds that were run, by condition, the slowest first."""
        found = []
        for condition, steps in self.kept[self.kept["speed_mps"].notna()].groupby("condition"):
            found += [SpeedClass(str(condition), own) for own in _classes(steps)]
        return found

    @property
    def headline(self) -> SpeedClass | None:
        """Fastest class of the usual condition (or the first) that half as many people ran as ran most."""
        conditions = [one.condition for one in self.classes]
        usual = "normal" if "normal" in conditions else next(iter(conditions), "")
        own = [one for one in self.classes if one.condition == usual]
        most = max((one.size[0] for one in own), default=0)
        common = [one for one in own if 2 * one.size[0] >= most]
        return max(common, key=lambda one: float(one.speeds.mean()), default=None)


def read_table(path: Path) -> pd.DataFrame:
    """Rows of a file; empty cells and n/a are missing, identifiers are text."""
    names = ("participant_id", "trial_id", "condition")
    return pd.read_csv(
        path, sep="\t", dtype=dict.fromkeys(names, "object"), low_memory=False,
        na_values=["n/a", ""], keep_default_na=False,
    )  # fmt: skip


def headline_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of a figure at the speed of its page's headline, as `StudyTables.headline` has it."""
    usual = rows[rows["condition"].isna() | (rows["condition"] == "normal")]
    rows = usual if len(usual) else rows
    common = rows[2 * rows["participants"] >= rows["participants"].max()]
    headline: pd.DataFrame = rows[rows["speed_mps"] == common["speed_mps"].max()]
    return headline


def records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as dictionaries by column name."""
    return [{str(name): cell for name, cell in row.items()} for row in rows.to_dict("records")]


def _classes(steps: pd.DataFrame) -> list[pd.DataFrame]:
    """Classes of the steps of one condition: an athlete's repetitions, then like athletes."""
    runs = steps.groupby(["participant_id", "trial_id"])["speed_mps"].mean()
    own: list[tuple[float, set[str], set[tuple[str, str]]]] = []
    for name, speeds in runs.groupby(level=0):
        groups: list[tuple[float, set[str], set[tuple[str, str]]]] = [
            (float(speed), set(), {(str(run[0]), str(run[1]))})
            for run, speed in zip(speeds.index.tolist(), speeds.tolist(), strict=True)
        ]
        for _, _, members in _joined(groups, REPEAT_RATIO):
            mean = float(speeds[[run in members for run in speeds.index]].mean())
            own.append((mean, {str(name)}, members))
    key = pd.MultiIndex.from_frame(steps[["participant_id", "trial_id"]])
    return [steps[key.isin(list(members))] for _, _, members in _joined(own, SPEED_RATIO)]


def _joined(
    groups: list[tuple[float, set[str], set[tuple[str, str]]]], max_ratio: float
) -> list[tuple[float, set[str], set[tuple[str, str]]]]:
    """Join neighbours, the nearest first, while ratio and owners allow; by the slowest speed."""
    chain = [[group] for group in sorted(groups, key=lambda group: group[0])]
    while True:
        best, position = math.inf, -1
        for number in range(len(chain) - 1):
            pair = chain[number] + chain[number + 1]
            owners = [name for _, names, _ in pair for name in names]
            ratio = max(speed for speed, _, _ in pair) / min(speed for speed, _, _ in pair)
            if len(set(owners)) == len(owners) and ratio <= max_ratio and ratio < best:
                best, position = ratio, number
        if position < 0:
            return [
                (part[0][0], set().union(*(g[1] for g in part)), set().union(*(g[2] for g in part)))
                for part in chain
            ]
        chain[position] += chain.pop(position + 1)
