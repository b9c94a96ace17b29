"""Tables and records of a study, as addresses of its pages name them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pandas as pd
import yaml

from aqbio.io.study import Study
from aqbio.io.tables import read_columns, with_texts
from aqbio.names import REFERENCE_TABLE
from validation.address_pages import Address


class Tables:
    """Tables of a study, read when they are asked for."""

    def __init__(self, results: Path, study: Study | None = None) -> None:
        self.results = results
        self.study = study
        self.read: dict[str, pd.DataFrame] = {}
        self.chosen: dict[tuple[int, str], Any] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self.read and name in RECORDED:
            self.read[name] = RECORDED[name](self.results)
        if name not in self.read and name == "reference":
            path = self.study.reference_file if self.study else REFERENCE_TABLE
            self.read[name] = _read(path)
        if name not in self.read and name == "strength" and self.study:
            self.read[name] = pd.DataFrame([
                row.model_dump() | {"value": row.si[0], "unit": row.si[1], "hurt": row.hurt}
                for row in self.study.strength
            ])  # fmt: skip
        if name not in self.read:
            folder = self.results if "/" in name else self.results / "tables"
            self.read[name] = _read(folder / f"{name}.tsv")
            if name == "steps":
                steps = self.read[name]
                self.read[name] = pd.concat([steps, kept(steps).rename("kept")], axis=1)
            if name in ("steps", "trials"):
                person = self["participants"].set_index("participant_id")["person"]
                people = self.read[name]["participant_id"].map(person)
                self.read[name] = pd.concat([self.read[name], people.rename("person")], axis=1)
        return self.read[name]

    @property
    def families(self) -> dict[str, str]:
        """Family of every hypothesis and contrast."""
        registry = _record(self.results)["registry"]
        families = {entry["id"]: entry["family"] for entry in registry["hypotheses"]}
        return families | dict.fromkeys(registry["contrasts"], "contrast")

    def removed(self, kind: str) -> int:
        """Rows of a sheet that were taken out since data were first read."""
        deviations = self["deviations"].astype(str)
        whole = deviations["key"].str.fullmatch(rf"{kind} [^:]+")
        return int((whole & deviations["before"].eq(LISTED)).sum())

    def rows(self, address: Address) -> pd.DataFrame:
        """The rows of an address."""
        table = self[address.table]
        chosen = np.ones(len(table), dtype=bool)
        for part in filter(None, address.key.split(";")):
            chosen &= self._chosen(table, part)
        return table[chosen]

    def _chosen(self, table: pd.DataFrame, part: str) -> Any:
        """Rows that a part of a key chooses; each is looked for once."""
        place = (id(table), part)
        if place not in self.chosen:
            name, _, text = part.partition("=")
            matches = [_matches(table[name], one) for one in text.split("|")]
            self.chosen[place] = np.any(matches, axis=0)
        return self.chosen[place]


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(
        path, sep="\t", na_values=["n/a", ""], keep_default_na=False, low_memory=False,
        dtype=dict.fromkeys(("participant_id", "trial_id", "condition", "person"), "object"),
    )  # fmt: skip


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


def _findings(results: Path) -> pd.DataFrame:
    files = sorted((results / "tables").glob("findings*.tsv"))
    return pd.concat([
        pd.read_csv(file, sep="\t", dtype=object, na_values=["n/a"], keep_default_na=False)
        for file in files
    ])  # fmt: skip


def _sheet(results: Path, kind: str) -> dict[str, dict[str, Any]]:
    """Rows of a sheet when data were first read, with what was changed since."""
    rows: dict[str, dict[str, Any]] = _record(results)["sheets"][kind]
    deviations = pd.read_csv(
        results / "tables" / "deviations.tsv", sep="\t", dtype=object, na_values=["n/a"],
        keep_default_na=False,
    ).drop_duplicates("key")  # fmt: skip
    for key, before, now in deviations[["key", "before", "now"]].itertuples(index=False):
        name, _, column = str(key).partition(": ")
        if not name.startswith(f"{kind} "):
            continue
        name = name.removeprefix(f"{kind} ")
        if column:
            rows.get(name, {})[column] = now
        elif before == LISTED:
            rows.pop(name, None)
        else:
            rows[name] = {}
    return rows


LISTED = "listed"
"""A row of a sheet, in the table of deviations."""


def _participants(results: Path) -> pd.DataFrame:
    prepared = {file.parent.name: file for file in results.glob("participants/*/prepare.json")}
    rows = []
    for name, row in _sheet(results, "participant").items():
        known = {"participant_id": name, "sex": None, "person": name, "height_m": None} | row
        used = json.loads(prepared[name].read_text(encoding="utf-8")) if name in prepared else {}
        stature = known["height_m"] or _stature(used.get("trials", ()))
        rows.append(known | {"mass_kg": used.get("mass_kg"), "stature_m": stature})
    table = pd.DataFrame(rows)
    return table.astype({"height_m": float, "mass_kg": float, "stature_m": float})


PELVIS_SHARE = 0.555
"""Height of the pelvis over stature, by which stature is estimated where it is not stated."""


def _stature(trials: Iterable[dict[str, Any]]) -> float:
    """Stature by the first static trial, by the median of the contacts without one."""
    heights = {
        name: [trial[name] for trial in trials if trial.get(name)]
        for name in ("pelvis_height_m", "stance_height_m")
    }
    pelvis = heights["pelvis_height_m"][:1] or heights["stance_height_m"]
    return float(np.median(pelvis)) / PELVIS_SHARE if pelvis else np.nan


def _sheet_trials(results: Path) -> pd.DataFrame:
    people = _sheet(results, "participant")
    rows = _sheet(results, "trial")
    return pd.DataFrame([
        {"participant_id": name.partition("/")[0], "trial_id": name.partition("/")[2],
         "reason": None, "include": "yes"} | row
        for name, row in rows.items() if name.partition("/")[0] in people
    ])  # fmt: skip


def _strengths(results: Path) -> pd.DataFrame:
    return pd.DataFrame({"participant_id": list(_sheet(results, "strengths"))})


def _untested(results: Path) -> pd.DataFrame:
    registry = _record(results)["registry"]
    return pd.DataFrame([*registry["untested"], *registry["contrasts"].values()])


def _registration(results: Path) -> pd.DataFrame:
    record = _record(results)
    return pd.DataFrame([{name: record[name] for name in ("hash", "recorded")}])


def manifests(results: Path, stage: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Records of a stage by participant."""
    for file in sorted(results.glob(f"participants/*/{stage}.json")):
        yield file.parent.name, json.loads(file.read_text(encoding="utf-8"))


def _trials_of(stage: str, results: Path) -> pd.DataFrame:
    """Entries of the trials that a stage could do, of the participants in the sheets."""
    names = set(_sheet(results, "participant"))
    entries = [
        {"participant_id": name} | {key: value for key, value in trial.items() if key != "findings"}
        for name, record in manifests(results, stage) if name in names
        for trial in record["trials"] if trial["status"] == "ok"
    ]  # fmt: skip
    return pd.DataFrame(entries)


def _of_records(stage: str, part: str, results: Path) -> pd.DataFrame:
    """A list in the records of a stage, by participant."""
    return pd.DataFrame([
        {"participant_id": name} | entry
        for name, record in manifests(results, stage) for entry in record.get(part, ())
    ])  # fmt: skip


def _scaled(results: Path) -> pd.DataFrame:
    rows = [
        {"participant_id": name, "generic": record.get("generic") or None,
         "marker_rms_m": record.get("marker_rms_m")}
        for name, record in manifests(results, "scale")
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _origin(results: Path) -> pd.DataFrame:
    """Commits, versions and settings of all stages."""
    files = [*results.glob("participants/*/*.json"), *results.glob("tables/*.json")]
    files += [results / "figures" / "figures.json", results / "report.json"]
    cells: dict[tuple[str, str], None] = {}
    for file in filter(Path.is_file, files):
        record = json.loads(file.read_text(encoding="utf-8")).get("provenance") or {}
        cells[("commit", str(record.get("commit", "")))] = None
        for part in ("versions", "settings"):
            for name, value in _flat("", json.loads(record.get(part, "{}"))):
                text = value if part == "versions" else json.dumps(value, ensure_ascii=False)
                cells[(name, str(text))] = None
    return pd.DataFrame(list(cells), columns=["name", "value"])


def _flat(prefix: str, content: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in content.items():
        if isinstance(value, dict):
            yield from _flat(f"{prefix}{name}.", value)
        else:
            yield f"{prefix}{name}", value


ESTIMATED = "estimated without plates"
"""Level of the forces of trials without plates."""


def _estimates(results: Path) -> pd.DataFrame:
    """Forces of trials without plates, by step."""
    files = sorted(results.glob("participants/*/steps/contributions.nc"))
    parts = [with_texts(read_columns(file)) for file in files]
    return pd.concat([part[part["level"] == ESTIMATED] for part in parts])


RECORDED: dict[str, Callable[[Path], pd.DataFrame]] = {
    "contributions": _estimates, "findings": _findings, "registry": _registry,
    "participants": _participants, "sheet trials": _sheet_trials,
    "strengths": _strengths, "untested": _untested, "registration": _registration,
    "prepare": partial(_trials_of, "prepare"), "scale": _scaled,
    "inverse_kinematics": partial(_trials_of, "inverse_kinematics"),
    "inverse_dynamics": partial(_trials_of, "inverse_dynamics"),
    "parameters": partial(_of_records, "inverse_dynamics", "parameters"),
    "standing": partial(_of_records, "inverse_dynamics", "standing"), "origin": _origin,
}  # fmt: skip
"""Tables that the records of a study hold."""

KEY_TOLERANCE = 1e-5
"""Relative error of a number in a key: tables hold six digits."""


def _matches(column: pd.Series, text: str) -> Any:
    if text == "*":
        return column.notna().to_numpy()
    if text.startswith("!"):
        return ~_matches(column, text[1:])
    if text.startswith("~"):
        return np.array([unquote(text[1:]) in str(one).split(", ") for one in column])
    if text.startswith("@"):
        return column.astype(str).str.fullmatch(rf"{re.escape(unquote(text[1:]))} [^:]+").to_numpy()
    if text.startswith("^"):
        return (column.astype(str).str.partition(";")[0] == unquote(text[1:])).to_numpy()
    value = unquote(text)
    if value == "":
        return column.isna().to_numpy()
    if pd.api.types.is_numeric_dtype(column):
        return np.isclose(column.to_numpy(float), float(value), rtol=KEY_TOLERANCE, atol=0.0)
    return (column.astype(str) == value).to_numpy()
