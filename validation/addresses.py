"""Every address of finished pages against the tables: ``python -m validation.addresses RESULTS``.

RESULTS is the folder of a study's results. A page carries at each number, name and comparison the
table, the rows, the column and what is computed of them (`aqbio.pages.address`); here the tables
are read again and the same is computed without that package. Exit status 1 where a page says
something else than its table.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pandas as pd
import yaml

FIELDS = ("table", "key", "column", "by", "factor")
"""Attributes of an address, without ``data-``."""

DIGIT = re.compile(r"(?<![A-Za-z_\d.-])\d+(?:\.\d+)?(?![A-Za-z_\d])")
"""A number that is no part of a name."""

VOID = {"meta", "link", "img", "br", "input", "hr", "source"}
UNREAD = {"script", "style", "svg", "nav", "header", "footer", "title"}
LINE = {
    "p",
    "li",
    "dt",
    "dd",
    "h1",
    "h2",
    "h3",
    "h4",
    "summary",
    "caption",
    "figcaption",
    "th",
    "td",
}
"""Elements whose text is read together."""


@dataclass(frozen=True)
class Address:
    """What a page says at one place, and where that stands."""

    page: str
    text: str
    table: str
    key: str = ""
    column: str = ""
    by: str = ""
    factor: str = ""


@dataclass
class _Element:
    tag: str
    address: dict[str, str]
    section: str
    is_data: bool
    has_address: bool
    text: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Line:
    """Text outside addresses."""

    page: str
    section: str
    text: str


class _Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.open: list[_Element] = []
        self.unread = 0
        self.addresses: list[Address] = []
        self.lines: list[Line] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            return
        values = {name: value or "" for name, value in attrs}
        own = {name: values[f"data-{name}"] for name in FIELDS if f"data-{name}" in values}
        above = self.open[-1] if self.open else None
        merged = dict(above.address) if above else {}
        if "key" in own and "table" not in own and merged.get("key"):
            own["key"] = f"{merged['key']};{own['key']}"
        merged |= own
        named = values.get("id") or values.get("aria-labelledby") or ""
        section = above.section if above else ""
        if tag in ("section", "article") and named:
            section = named
        is_data = tag == "data" and "table" in merged and bool(merged.get("column") or "by" in own)
        self.unread += tag in UNREAD
        self.open.append(_Element(tag, merged, section, is_data, bool(own)))

    def handle_endtag(self, tag: str) -> None:
        while self.open:
            element = self.open.pop()
            self.unread -= element.tag in UNREAD
            text = "".join(element.text)
            if element.is_data:
                self.addresses.append(Address(self.page, text, **element.address))
                text = " ¶ "
            if element.tag in LINE and not self.unread:
                self.lines.append(Line(self.page, element.section, " ".join(text.split())))
            elif self.open:
                self.open[-1].text.append(text)
            if element.tag == tag:
                return

    def handle_data(self, data: str) -> None:
        if self.open and not self.unread:
            self.open[-1].text.append(data)


def read_page(path: Path, page: str) -> tuple[list[Address], list[Line]]:
    """Addresses of a page, and its lines with ¶ in the place of each."""
    reader = _Reader(page)
    reader.feed(path.read_text(encoding="utf-8"))
    return reader.addresses, reader.lines


def read_report(results: Path) -> tuple[list[Address], list[Line]]:
    """Addresses and lines of all pages of a study and of its athletes."""
    report = results / "report"
    files = sorted(report.glob("*.html")) + sorted(report.glob("athletes/*.html"))
    pages = [read_page(path, path.relative_to(report).as_posix()) for path in files]
    return [one for page, _ in pages for one in page], [one for _, page in pages for one in page]


# the tables ---------------------------------------------------------------------------------------


class Tables:
    """Tables of a study, read when they are asked for."""

    def __init__(self, results: Path) -> None:
        self.results = results
        self.read: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self.read and name in RECORDED:
            self.read[name] = RECORDED[name](self.results)
        if name not in self.read:
            folder = self.results if "/" in name else self.results / "tables"
            self.read[name] = pd.read_csv(
                folder / f"{name}.tsv", sep="\t", na_values=["n/a", ""], keep_default_na=False,
                dtype=dict.fromkeys(("participant_id", "trial_id", "condition"), "object"),
                low_memory=False,
            )  # fmt: skip
            if name == "steps":
                steps = self.read[name]
                self.read[name] = pd.concat([steps, kept(steps).rename("kept")], axis=1)
        return self.read[name]

    def rows(self, address: Address) -> pd.DataFrame:
        """The rows of an address."""
        table = self[address.table]
        chosen = np.ones(len(table), dtype=bool)
        for part in filter(None, address.key.split(";")):
            name, _, text = part.partition("=")
            chosen &= np.any([_matches(table[name], one) for one in text.split("|")], axis=0)
        return table[chosen]


def kept(steps: pd.DataFrame) -> pd.Series:
    """Whole steps; of a trial without any, its contacts that were recorded completely."""
    whole = {
        trial for trial, rows in steps.groupby(["participant_id", "trial_id"])
        if "ok" in set(rows["status"])
    }  # fmt: skip
    trials = zip(steps["participant_id"], steps["trial_id"], strict=True)
    states = [
        status == "ok" or (status == "incomplete" and trial not in whole)
        for trial, status in zip(trials, steps["status"], strict=True)
    ]
    return pd.Series(["yes" if state else "no" for state in states], steps.index, dtype=object)


REGISTRY = Path(__file__).parents[1] / "aqbio" / "stats" / "hypotheses.yaml"
"""Registry with what simulated studies found of biases, which is no part of the record."""


def _record(results: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((results / "registry.json").read_text(encoding="utf-8"))
    return record


def _registry(results: Path) -> pd.DataFrame:
    rules = pd.json_normalize(_record(results)["registry"]["hypotheses"])
    registry = yaml.safe_load(REGISTRY.read_text(encoding="utf-8"))["hypotheses"]
    biases = pd.json_normalize([
        {"id": entry["id"], "biases": entry["biases"]} for entry in registry if "biases" in entry
    ])  # fmt: skip
    return rules.merge(biases, on="id", how="left")


def _participants(results: Path) -> pd.DataFrame:
    people = _record(results)["sheets"]["participant"]
    return pd.DataFrame(
        [{"participant_id": name, "sex": None} | row for name, row in people.items()]
    )


RECORDED = {"registry": _registry, "participants": _participants}
"""Tables that the record of the study holds."""

KEY_TOLERANCE = 1e-5
"""Relative error of a number in a key: tables hold six digits."""


def _matches(column: pd.Series, text: str) -> Any:
    if text == "*":
        return column.notna().to_numpy()
    if text.startswith("!"):
        return ~_matches(column, text[1:])
    if text.startswith("~"):
        return np.array([unquote(text[1:]) in str(one).split(", ") for one in column])
    if text.startswith("^"):
        return (column.astype(str).str.partition(";")[0] == unquote(text[1:])).to_numpy()
    value = unquote(text)
    if value == "":
        return column.isna().to_numpy()
    if pd.api.types.is_numeric_dtype(column):
        return np.isclose(column.to_numpy(float), float(value), rtol=KEY_TOLERANCE, atol=0.0)
    return (column.astype(str) == value).to_numpy()


# what is computed ---------------------------------------------------------------------------------


def _percent_below(rows: pd.DataFrame, column: str) -> float:
    return 1.0 if float(_only(rows[column])) < 0.01 else math.nan


MAX_ODDS = 1000.0


def _odds_above(rows: pd.DataFrame, column: str) -> float:
    return MAX_ODDS if abs(float(np.diff(rows[column])[0])) > math.log(MAX_ODDS) else math.nan


def _unknown_in(rows: pd.DataFrame, columns: str) -> int:
    return int(rows[columns.split(",")].isna().any(axis=1).sum())


def signs(rows: pd.DataFrame) -> Any:
    """Sign of every row's interval, 0 where it includes 0; of its mean where there is none."""
    low, high = (rows[name].astype(float).fillna(rows["mean"]) for name in ("low", "high"))
    return np.where(np.sign(low) == np.sign(high), np.sign(low), 0.0)


def _directions(rows: pd.DataFrame, _: str) -> str:
    product = float(np.prod(signs(rows))) if len(rows) == 2 else 0.0
    return {-1.0: "in opposite directions", 1.0: "in the same direction"}.get(
        product, "in directions that could not be determined within measurement error"
    )


MOST_ATHLETES = 1000
"""Numbers of athletes above this are not searched for."""

NO_JOINTS = {
    *("together", "push_side", "swing_side"),
    *("gravity", "velocity", "contact", "remainder", "residual"),
}
"""Sources that are no single joint."""


@dataclass(frozen=True)
class _Joint:
    """Effect of a joint under all contact models."""

    source: str
    mean: float
    low: float
    high: float
    is_certain: bool


def _joints(rows: pd.DataFrame, tables: Tables) -> list[_Joint]:
    """Joints of a column and side; none is certain where not everybody has a second model."""
    steps, others = tables["steps"], tables["model_differences"]
    compared = set(others["participant_id"])
    is_compared = bool(compared) and set(steps["participant_id"]) <= compared
    joints = []
    for source, models in rows[~rows["source"].isin(NO_JOINTS)].groupby("source", sort=False):
        first = models[models["variant"] == "C2"].iloc[0]
        values = np.array([first["low"], first["high"], *models["mean"]], dtype=float)
        certain = is_compared and bool((values > 0).all() or (values < 0).all())
        joints.append(_Joint(str(source), first["mean"], first["low"], first["high"], certain))
    return joints


def _rank(joints: list[_Joint], source: str, *, best: bool) -> int:
    """Best or worst place of a joint by size within the intervals of all."""
    sizes = {
        one.source: (
            0.0 if one.low * one.high <= 0.0 else min(abs(one.low), abs(one.high)),
            max(abs(one.low), abs(one.high)),
        )
        for one in joints
    }
    own = sizes.pop(source)
    if best:
        return 1 + sum(low > own[1] for low, _ in sizes.values())
    return 1 + sum(high > own[0] for _, high in sizes.values())


OF_JOINTS: dict[str, Callable[[list[_Joint], str], int]] = {
    "joints": lambda joints, _: len(joints),
    "certain": lambda joints, _: sum(one.is_certain for one in joints),
    "best rank": lambda joints, source: _rank(joints, source, best=True),
    "worst rank": lambda joints, source: _rank(joints, source, best=False),
}
"""What a page computes of the joints of a side, by name."""

Value = float | str | tuple[str, ...]
"""What an address stands for; of several texts the page says one."""

COMPUTED: dict[str, Callable[[pd.DataFrame, str], Value]] = {
    "": lambda rows, column: _only(rows[column]),
    "choices": lambda rows, column: str(_only(rows[column])),
    "part": lambda rows, column: str(_only(rows[column])),
    "size": lambda rows, column: abs(float(_only(rows[column]))),
    "growth": lambda rows, column: float(_only(rows[column])),
    "unknown": lambda rows, column: (
        MOST_ATHLETES if math.isnan(float(_only(rows[column]))) else math.nan
    ),
    "below percent": _percent_below,
    "unknown in": _unknown_in,
    "count": lambda rows, _: len(rows),
    "people": lambda rows, column: rows[column or "participant_id"].nunique(),
    "sum": lambda rows, column: float(rows[column].sum()),
    "one of": lambda rows, column: tuple(map(str, rows[column].dropna())),
    "named": lambda rows, column: (_only(rows[column]), column.partition(".")[2])[1],
    "registered": lambda rows, column: str(_only(rows[column])),
    "trials": lambda rows, _: len(rows[["participant_id", "trial_id"]].drop_duplicates()),
    "odds": lambda rows, column: math.exp(abs(float(np.diff(rows[column])[0]))),
    "odds above": _odds_above,
    "above 0": lambda rows, column: int((rows[column] > 0).sum()),
    "mean": lambda rows, column: float(rows[column].mean()),
    "least": lambda rows, column: float(rows[column].min()),
    "most": lambda rows, column: float(rows[column].max()),
    "directions": _directions,
}
"""What a page computes from rows, by name; no name for a single cell."""


def _only(column: pd.Series) -> Any:
    if len(column) != 1:
        raise LookupError(f"{len(column)} rows have this key")
    return column.iloc[0]


# the comparison -----------------------------------------------------------------------------------

_PLAIN_DIGITS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def agrees(text: str, value: float) -> bool:
    """True if a written number is the value, rounded to its last digit."""
    if not math.isfinite(value):
        return text in ("n/a", "")
    if text.startswith("<"):
        return value < float(text[1:])
    mantissa, _, exponent = text.replace("−", "-").partition("×10")
    power = int(exponent.translate(_PLAIN_DIGITS) or 0)
    unit = 10.0 ** (power - len(mantissa.partition(".")[2]))
    try:
        return abs(float(mantissa) * 10.0**power - value) <= 0.5001 * unit + 1e-6 * abs(value)
    except ValueError:
        return False


def same(text: str) -> str:
    """A text without what pages change when they quote it: signs, spaces, case, final stop."""
    text = text.replace("−", "-").replace("%", " %").replace("_", " ")
    for limb in ("arm", "leg"):
        text = text.replace(f"{limb} left, {limb} right", f"both {limb}s")
    return re.sub(r"\s+", " ", text).strip().rstrip(".").lower()


def problem(address: Address, tables: Tables) -> str:
    """What is wrong at an address; empty for nothing."""
    try:
        rows = tables.rows(address)
        if address.by in OF_JOINTS:
            value: Value = OF_JOINTS[address.by](_joints(rows, tables), address.column)
        else:
            value = COMPUTED[address.by](rows, address.column)
    except (LookupError, OSError, ValueError) as error:
        return f"no such cell: {error}"
    if isinstance(value, str):
        return "" if _says(address, value) else f"the table says “{value}”"
    if isinstance(value, tuple):
        return "" if address.text in value else f"no cell of {address.column} says it"
    value = float(value) * float(address.factor or 1.0)
    if address.by == "growth":
        value = abs(100.0 * math.expm1(value))
    return "" if agrees(address.text, value) else f"the table says {value:.6g}"


def _says(address: Address, cell: str) -> bool:
    """True if a text of a page is that of a cell, as far as it is quoted or written in words."""
    told, said = same(address.text), same(cell)
    if address.by in ("choices", "registered"):
        parts = len(told.split(", ")) == len(said.split(", "))
        return parts and re.findall(r"\d+", told) == re.findall(r"\d+", said)
    return bool(told) and (told in said if address.by == "part" else told == said)


def problems(results: Path, tables: Tables | None = None) -> Iterator[str]:
    """Addresses whose text is not what the tables say."""
    tables = tables or Tables(results)
    addresses, _ = read_report(results)
    for address in dict.fromkeys(addresses):
        if wrong := problem(address, tables):
            place = " ".join(filter(None, (address.table, address.key, address.column, address.by)))
            yield f"{address.page}: “{address.text}” ({place}): {wrong}"


METHOD = re.compile(
    r"95 %|(?<=power of )80 %|(?<=; )80 %(?= for)|(?<=enough for )80 %|leaves? out 0|kg m²/s|"
    r"(?:article|Figure) \d+|\b20\d\d\b|(?<=of )100(?= studies)|(?<= to )1$|^1(?= to )"
)
"""Numbers that are the same in every study: of methods, of sources."""


def unaddressed(lines: list[Line]) -> Iterator[Line]:
    """Lines with a number that has no address."""
    for line in lines:
        if DIGIT.search(METHOD.sub("", line.text)):
            yield line


def main(arguments: list[str]) -> int:
    """Write the problems of the studies whose folders are named."""
    count = 0
    for folder in map(Path, arguments):
        wrong = list(problems(folder))
        addresses, lines = read_report(folder)
        bare = list(unaddressed(lines))
        sys.stdout.write("".join(f"{one}\n" for one in wrong))
        sys.stdout.write(
            f"{folder}: {len(addresses)} addresses, {len(wrong)} differ; "
            f"{len(bare)} lines with a number that has none\n"
        )
        count += len(wrong)
    return int(count > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
