"""Every change after the data were read is a row of deviations and a sentence on the page."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pytest

from aqbio.hypotheses import preregistration
from aqbio.hypotheses.computation import verdict_computation
from aqbio.hypotheses.deviations import NOT_RECORDED, Deviation, deviations, post_hoc
from aqbio.hypotheses.preregistration import BASIS, RECORDED, record_registry, registry_record
from aqbio.io.study import Study, load_study
from aqbio.io.tables import read_table, write_table
from aqbio.pages.address import plain
from aqbio.pages.filters import rows
from aqbio.pages.registry_words import Record, registry_words
from aqbio.pages.verdict_words import deviation_sentences
from aqbio.stats.registry import DEFAULT, asked_registry
from tests.small_study import replace

ATHLETES = ("A1", "A2", "A3")
RUNS = ("free", "restricted")
PEOPLE_HEAD = ("participant_id", "sex", "mass_kg", "reason", "decided_by", "decided_on")
TRIALS_HEAD = (
    "participant_id", "trial_id", "task", "condition", "effort", "include", "belt_speed_mps",
    "start_s", "end_s", "file", "reason", "decided_by", "decided_on",
)  # fmt: skip


def _write(path: Path, head: tuple[str, ...], table: list[dict[str, str]]) -> None:
    lines = ["\t".join(head)]
    lines += ["\t".join(row.get(name, "n/a") for name in head) for row in table]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Three athletes with two runs each, recorded before the data were read."""
    (tmp_path / "data").mkdir()
    (tmp_path / "study.yaml").write_text(
        f"name: first\nresults: {(tmp_path / 'results').as_posix()}\n", encoding="utf-8"
    )
    shutil.copy(DEFAULT, tmp_path / "hypotheses.yaml")
    people = [{"participant_id": name, "sex": "female", "mass_kg": "60"} for name in ATHLETES]
    trials = [
        {
            "participant_id": name, "trial_id": run, "task": "run", "effort": "maximal",
            "condition": "normal" if run == "free" else "restricted_arms",
            "include": "yes", "file": f"{name}_{run}.c3d",
        }
        for name in ATHLETES
        for run in RUNS
    ]  # fmt: skip
    _write(tmp_path / "participants.tsv", PEOPLE_HEAD, people)
    _write(tmp_path / "trials.tsv", TRIALS_HEAD, trials)
    for trial in trials:
        (tmp_path / "data" / trial["file"]).write_text(f"recording of {trial['file']}")
    loaded = load_study(tmp_path / "study.yaml")
    record_registry(loaded)
    return loaded


def _sheet(name: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[Study], None]:
    def work(study: Study) -> None:
        path = study.file.with_name(f"{name}.tsv")
        table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
        change(table).to_csv(path, sep="\t", index=False)

    return work


def _set(name: str, participant: str, trial: str = "", **cells: str) -> Callable[[Study], None]:
    def change(table: pd.DataFrame) -> pd.DataFrame:
        chosen = table["participant_id"] == participant
        if trial:
            chosen &= table["trial_id"] == trial
        table.loc[chosen, list(cells)] = list(cells.values())
        return table

    return _sheet(name, change)


def _without(*participants: str) -> Callable[[Study], None]:
    def work(study: Study) -> None:
        for name in ("participants", "trials"):
            _sheet(name, lambda table: table[~table["participant_id"].isin(participants)])(study)

    return work


def _without_entry(study: Study) -> None:
    path = study.file.with_name("hypotheses.yaml")
    text = path.read_text(encoding="utf-8")
    start = text.index("  - id: H4\n")
    end = text.index("  - id: ", start + 5)
    path.write_text(text[:start] + text[end:], encoding="utf-8")


def _smaller_effect(study: Study) -> None:
    replace(
        study.file.with_name("hypotheses.yaml"),
        "delta: 0.1\n    unit: share of the swing",
        "delta: 0.01\n    unit: share of the swing",
    )


def _other_name(study: Study) -> None:
    replace(study.file, "name: first", "name: second")
    record_registry(load_study(study.file))


def _record_deleted(study: Study) -> None:
    (study.root / "registry.json").unlink()
    write_table(pd.DataFrame({"a": [1]}), study.table("verdicts.tsv"), {"a": {}}, {})
    record_registry(study)


DEEDS = {
    "athletes deleted from both sheets": (
        _without("A2", "A3"), "participant A2", "Athletes A2, A3 were taken out",
    ),
    "a trial deleted": (
        _sheet("trials", lambda table: table[:-1]),
        "trial A3/restricted", "Trial A3/restricted was taken out",
    ),
    "a trial left out": (
        _set("trials", "A1", "free", include="no", reason="fell", decided_by="coach",
             decided_on="2026-05-04"),
        "trial A1/free: include", "left out after data were read (by coach on 2026-05-04; fell)",
    ),
    "effort": (
        _set("trials", "A1", "free", effort="submaximal"),
        "trial A1/free: effort", "maximal → submaximal (no reason is stated)",
    ),
    "sex": (_set("participants", "A1", sex="male"), "participant A1: sex", "female → male"),
    "condition": (
        _set("trials", "A2", "free", condition="restricted_arms"),
        "trial A2/free: condition", "normal → restricted_arms",
    ),
    "start and end": (
        _set("trials", "A2", "free", start_s="0.5", end_s="1.5"),
        "trial A2/free: end_s", "end_s of trial A2/free was changed",
    ),
    "belt speed": (
        _set("trials", "A2", "free", belt_speed_mps="9.0"),
        "trial A2/free: belt_speed_mps", "nothing → 9.0",
    ),
    "an athlete added": (
        _sheet("participants", lambda table: pd.concat(
            [table, table[:1].assign(participant_id="A4")])),
        "participant A4", "Athlete A4 was added",
    ),
    "another recording": (
        lambda study: (study.data / "A1_free.c3d").write_text("another recording"),
        "trial A1/free: content", "The recording of trial A1/free was exchanged",
    ),
    "a smaller smallest effect": (_smaller_effect, "delta", "delta (H1): 0.1 → 0.01"),
    "a registry's entry deleted": (_without_entry, "family", "without H4"),
    "the record deleted": (_record_deleted, "record", "results of this study were there already"),
    "another name": (_other_name, "record", "6 recordings were read by study first"),
}  # fmt: skip
"""Change, key of a deviation, and its words on the page."""


def test_nothing_was_changed(study):
    assert deviations(study) == ()


@pytest.mark.parametrize("name", DEEDS)
def test_a_change_is_listed_and_stated(study, name):
    deed, key, words = DEEDS[name]
    deed(study)
    changed = load_study(study.file)
    listed = deviations(changed)
    assert key in [deviation.key for deviation in listed]
    assert post_hoc(listed, "H1")
    record = registry_record(changed)
    record_words = registry_words(
        Record(record["hash"], record["recorded"], record["earlier"]), "another"
    )
    sentences = deviation_sentences([asdict(deviation) for deviation in listed])
    assert words in plain(" ".join((*sentences, record_words)))


def test_a_changed_statistic_concerns_its_hypotheses_and_a_changed_rule_all(study, monkeypatch):
    """Listed with the hashes of what computed it then and computes it now."""

    def with_other(part: str) -> tuple[Deviation, ...]:
        computation = {**verdict_computation(), part: "0123456789ab"}
        monkeypatch.setattr(preregistration, "verdict_computation", lambda: computation)
        return deviations(study)

    of_statistic, of_rule = with_other("formula"), with_other("rule")
    assert {deviation.key for deviation in of_statistic} == {"computation of formula"}
    assert {deviation.now for deviation in of_statistic} == {"0123456789ab"}
    assert [post_hoc(of_statistic, name) for name in ("H3e", "H7")] == [True, False]
    assert [deviation.key for deviation in of_rule] == ["computation of rule"]
    assert post_hoc(of_rule, "H1")
    [contrast] = {deviation.hypothesis for deviation in with_other("paired_contrast")} & {
        "restricted_arms_legs"
    }
    of_contrasts = with_other("paired_contrast")
    assert post_hoc(of_contrasts, contrast)
    judged = {hypothesis.id for hypothesis in asked_registry(study).hypotheses}
    assert {deviation.hypothesis for deviation in of_contrasts} <= judged
    words = " ".join(deviation_sentences([asdict(deviation) for deviation in of_rule]))
    assert words.startswith("computation of rule (every verdict): ")


@pytest.mark.parametrize("part", [*BASIS, *RECORDED])
def test_an_incomplete_record_is_none(study, part):
    path = study.root / "registry.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({name: record[name] for name in record if name != part}), "utf-8")
    [deviation] = deviations(study)
    assert (deviation.key, deviation.before) == ("registry", NOT_RECORDED)


def test_reasons_are_no_change(study):
    _set("trials", "A1", reason="a remark")(study)
    assert deviations(load_study(study.file)) == ()


def test_those_who_stay_in_a_family_are_post_hoc(study):
    """And other families are not."""
    _without_entry(study)
    listed = deviations(load_study(study.file))
    assert post_hoc(listed, "H7")
    assert not post_hoc(listed, "H8a")


def test_rows_of_a_table_say_the_same(study, tmp_path):
    """Sentences come from the table that is written, missing cells and all."""
    _set("trials", "A1", "free", effort="submaximal")(study)
    listed = deviations(load_study(study.file))
    path = tmp_path / "deviations.tsv"
    table = pd.DataFrame(
        [{k: v or None for k, v in asdict(deviation).items()} for deviation in listed]
    )
    write_table(table, path, {name: {} for name in table}, {})
    assert deviation_sentences(rows(read_table(path))) == deviation_sentences(
        [asdict(deviation) for deviation in listed]
    )
