"""From evidence files to verdicts, of whole studies and of those that lack something.

What two whole studies say is golden, and of a smaller one that is changed the lines that differ.
Numbers of the whole studies: `test_audit`; statistics: `tests/stats`.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import asdict
from dataclasses import replace as replaced

import numpy as np
import pandas as pd
import pytest

from aqbio.contributions.measure import measure as measure_row
from aqbio.contributions.other_models import COLUMNS as OF_MODELS
from aqbio.figures.figure import Results
from aqbio.figures.speed import timing_numbers
from aqbio.figures.stage import FIGURES
from aqbio.gait.step_files import MODELS, step_file
from aqbio.hypotheses import multiverse as choices
from aqbio.hypotheses import stage
from aqbio.hypotheses.gathered import StudyEvidence, gather_evidence
from aqbio.hypotheses.stage import hypotheses_study
from aqbio.hypotheses.trial_quality import trial_table, without_fit
from aqbio.io.netcdf import write_dataset
from aqbio.io.study import Study, load_study
from aqbio.io.tables import read_columns, read_table, write_columns
from aqbio.multiverse.files import CURVES, STEPS, evidence_file
from aqbio.multiverse.stage import curves_dataset
from aqbio.stats.registry import DEFAULT, read_registry
from aqbio.stats.verdict import verdicts
from aqbio.study.internal import Parts
from tests.golden import changed, differences, told_rows, without_known
from tests.hypotheses.conftest import broken
from tests.hypotheses.made_evidence import LAG_STATES, POSTERIOR, drawn_study, write_evidence
from tests.small_study import replace

pytestmark = pytest.mark.xdist_group("judged")

Change = Callable[[Study], object]


def _tables(study: Study, *names: str) -> dict[str, pd.DataFrame]:
    tables = {name: read_table(study.table(f"{name}.tsv")) for name in names or stage.COLUMNS}
    return {
        name: table.drop(columns="registry_hash", errors="ignore") for name, table in tables.items()
    }


VERDICT = (
    "hypothesis", "verdict", "found", "gates", "n_athletes", "n_steps", "reason", "note", "model",
    "condition", "fragile", "decisive", "overturned_by", "silent", "influential", "post_hoc",
)  # fmt: skip
TRUST = ("consistent", "invalidated", "plain_invalidated", "closures_pass")


def _table_lines(tables: dict[str, pd.DataFrame]) -> list[str]:
    """Lines about the tables: sizes, verdicts, deviations, and judgements of trials.

    Without the value of a checksum, which says nothing to people.
    """
    lines = [f"{name}: {len(table)} rows" for name, table in sorted(tables.items())]
    for name, columns in (
        ("verdicts", VERDICT),
        ("multiverse", ("hypothesis", "specification", "verdict", "found", "gates")),
        ("deviations", ("hypothesis", "key", "before", "now")),
    ):
        table = tables.get(name, pd.DataFrame())
        lines += told_rows(name, table, *(column for column in columns if column in table))
    trials = tables.get("hypotheses_trials", pd.DataFrame(columns=list(TRUST)))
    lines += [
        f"{name} {value}: {count} trials"
        for name in TRUST
        for value, count in trials[name].value_counts().sort_index().items()
    ]
    return [re.sub(r"\b[0-9a-f]{12}\b", "CHECKSUM", line) for line in lines]


ON_A_LIMIT = "multiverse: H9 · outliers=left_out"
"""Row of the balanced world whose number of athletes the rounding of a processor decides."""


@pytest.mark.parametrize("world", ["classical", "balanced"])
def test_words_of_a_whole_study(request, world):
    """The discriminating cells of science.md 7.5; the whole matrix is `python -m validation`."""
    tables = _tables(request.getfixturevalue(world))
    lines = _table_lines(tables)
    if world == "balanced":
        lines = [line for line in lines if not line.startswith(ON_A_LIMIT)]
        lines = without_known(lines, "hypotheses/classical")
    assert differences(f"hypotheses/{world}", lines) == []
    labels = dict(tables["verdicts"][["hypothesis", "verdict"]].itertuples(index=False))
    right = "supported" if world == "balanced" else "not_supported"
    assert [labels[name] for name in ("H1", "H5a", "H7")] == [right, right, "supported"]
    steps, verdict_rows = tables["hypotheses_steps"], tables["verdicts"].set_index("hypothesis")
    timing = timing_numbers(steps, tables["verdicts"])
    assert (timing["lag_change"] == float(verdict_rows.loc["H5a", "estimate"])).all()


@pytest.mark.parametrize("world", ["classical", "balanced"])
def test_patterns_are_means_of_what_steps_have(request, world):
    """Partitions by the columns of the steps; cosines do not depend on who is named first."""
    tables = _tables(request.getfixturevalue(world))
    means = tables["hypotheses_steps"].groupby("participant_id").mean(numeric_only=True)
    rows = tables["partitions"].set_index("partition")
    columns = [f"chi_{name.replace(' ', '+')}" for name in rows.index]
    index = means[columns]
    np.testing.assert_allclose(rows["opposition"], index.mean(), rtol=1e-6, atol=1e-9)
    ranks = index.round(7).rank(axis=1, ascending=False, method="min")
    np.testing.assert_allclose(rows["rank"], ranks.median(), atol=1.0)  # ties to round-off
    assert (rows["ci_low"] <= rows["opposition"] + 1e-9).all()
    assert (rows["opposition"] <= rows["ci_high"] + 1e-9).all()
    assert rows["ci_low"].min() >= 0.0
    assert rows["ci_high"].max() <= 1.0
    signs = tables["sign_patterns"].set_index(["level", "first", "second"])
    cosine = signs["cosine"]
    assert cosine.abs().max() <= 1.0
    for level, first, second in cosine.index:
        assert cosine[level, first, second] == pytest.approx(
            cosine[level, second, first], nan_ok=True
        )
    arms_push = cosine["momentum", "arms", "push_leg"]
    assert arms_push == pytest.approx(means["arms_push_cosine"].mean(), rel=1e-6)
    expected = {
        ("arms", "push_leg"): (1, -1), ("torso", "push_leg"): (1, -1),
        ("swing_leg", "arms"): (-1, -1), ("push_leg", "swing_leg"): (-1, 1),
    }  # fmt: skip
    for pair, expected_signs in expected.items():
        assert tuple(signs.loc[("momentum", *pair), ["articles", "classical"]]) == expected_signs
    assert np.isnan(signs.loc[("momentum", "pelvis", "arms"), "articles"])


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Study:
    return drawn_study(tmp_path_factory.mktemp("small"), "W1", athletes=8, multiverse=False)


def _copy(study: Study, folder) -> Study:
    """A study with its results, to be changed."""
    shutil.copytree(study.file.parent, folder, dirs_exist_ok=True)
    replace(folder / "study.yaml", study.file.parent.as_posix(), folder.as_posix())
    return load_study(folder / "study.yaml")


def _rows(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Change:
    """Change the numbers of the steps of every participant."""

    def work(study: Study) -> None:
        for person in study.participants:
            rows = read_columns(evidence_file(study, person.participant_id, STEPS))
            write_evidence(study, person.participant_id, change(rows))

    return work


def _unknown(shows: str, *further: str) -> Change:
    """Steps of which some group is not observed: no opposition, no cosine, no ratio of momenta."""

    def change(rows: pd.DataFrame) -> pd.DataFrame:
        begin = ("chi_", "push_leg_offset", "log_ratio_momentum")
        names = [column for column in rows if column.startswith(begin)]
        names += ["arms_push_cosine", *further]
        return rows.assign(**{shows: 0.0, **dict.fromkeys(names, np.nan)})

    return _rows(change)


def _trials(stage_name: str = "multiverse", **cells: object) -> Change:
    """Cells that a stage writes for all trials."""

    def work(study: Study) -> None:
        for person in study.participants:
            path = study.manifest(person.participant_id, stage_name)
            manifest = json.loads(path.read_text("utf-8"))
            manifest["trials"] = [{**entry, **cells} for entry in manifest["trials"]]
            path.write_text(json.dumps(manifest), "utf-8")

    return work


def _empty(study: Study) -> None:
    """Leave no step."""
    _rows(lambda rows: rows[:0])(study)
    for person in study.participants:
        write_dataset(curves_dataset([]), evidence_file(study, person.participant_id, CURVES), {})


def _text(name: str, before: str, after: str) -> Change:
    def work(study: Study) -> None:
        path = study.file.with_name(name)
        if name == "hypotheses.yaml":
            path.write_text(DEFAULT.read_text(encoding="utf-8"), encoding="utf-8")
        replace(path, before, after)

    return work


def _beyond(measure: str, verdict: str, trial_step: int = 1) -> Change:
    """Trials whose measure has a verdict."""

    def work(study: Study) -> None:
        path, moving = study.table("quality.tsv"), [t for t in study.trials if t.task != "static"]
        row = measure_row({}, measure, 1.0, "1", limit=2.0 if verdict == "ok" else 0.5)
        invalidates = row["invalidates"] or "n/a"
        lines = [
            f"{t.participant_id}\t{t.trial_id}\t{measure}\t1\t{verdict}\t{invalidates}"
            for t in moving[::trial_step]
        ]
        path.write_text(path.read_text("utf-8") + "\n".join(lines) + "\n", "utf-8")

    return work


def _all_changes(*changes: Change) -> Change:
    def work(study: Study) -> None:
        for change in changes:
            change(study)

    return work


RULE = "delta: 0.1\n    unit: share of the swing", "delta: 0.01\n    unit: share of the swing"
CHANGED: dict[str, tuple[Change, str]] = {
    "no step": (_empty, " ".join(stage.COLUMNS)),
    "no arms": (_unknown("shows_arms", "hub_share"), "verdicts"),
    "no arms seen": (_all_changes(
        _unknown("shows_arms", "hub_share"),
        _trials(unseen={"arms": "the markers do not show arm_left, arm_right"})), "verdicts"),
    "no legs": (_all_changes(
        _unknown("shows_legs"),
        _trials(unseen={"legs": "no landmarks place leg_left"})), "verdicts"),
    "another rule": (_text("hypotheses.yaml", *RULE), "verdicts deviations"),
    "another setting": (
        _text("study.yaml", "name: drawn\n", "name: drawn\nquality: {usable_share: 0.2}\n"),
        "verdicts deviations"),
    "no record": (lambda study: (study.root / "registry.json").unlink(), "verdicts deviations"),
    "smoothed in some trials": (_beyond("hidden_motion", "fail", 3), "verdicts hypotheses_trials"),
    "smoothed in all trials": (_beyond("hidden_rates", "fail"), "verdicts hypotheses_trials"),
    "hardly smoothed": (_beyond("hidden_rates", "ok"), "hypotheses_trials"),
    "plain": (_trials(consistent=False, error_sd={}, lag_states={}), "verdicts hypotheses_trials"),
    "closures that fail": (
        _trials("contributions", closure={"holds": False}), "verdicts hypotheses_trials"),
    "labels that contradict": (
        _beyond("labels_against_names", "fail", 3), "verdicts hypotheses_trials"),
    "slow cameras": (
        _trials(error_sd=POSTERIOR | {"step_lag": 0.2}, lag_states=LAG_STATES | {"frames": [0.2]}),
        "verdicts"),
    "no other model": (_trials(model_deviations=[]), "hypotheses_trials"),
    "few of the steps": (_trials(recorded=20, kept=10), "verdicts"),
}  # fmt: skip


UNTOUCHED = (
    "another rule", "no record", "smoothed in all trials",
    "closures that fail",
)  # fmt: skip
"""Changes that concern rules and gates alone: no estimate moves."""
UNSEEN = ("no arms", "no arms seen", "no legs")
"""Changes after which an estimate is the same or is not there."""
NUMBERS = ["estimate", "ci_low", "ci_high", "n_athletes", "n_steps"]


@pytest.fixture(scope="module")
def plain_tables(small, tmp_path_factory) -> dict[str, pd.DataFrame]:
    """Tables of the unchanged study."""
    study = _copy(small, tmp_path_factory.mktemp("plain"))
    hypotheses_study(study, lambda _line: None)
    return _tables(study)


AS_IT_IS = ("hypotheses_trials", "power", "sign_patterns", "single_athletes", "verdicts")


def test_verdicts_of_a_study_as_it_is(plain_tables):
    tables = {name: plain_tables[name] for name in AS_IT_IS}
    assert differences("hypotheses/as_it_is", _table_lines(tables)) == []


OFTEN = ("no arms", "plain", "another rule")
"""One of each kind of change (of rows, records, files) that `make test` tries too."""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name_of_change, marks=() if name_of_change in OFTEN else pytest.mark.whole)
        for name_of_change in CHANGED
    ],
)
def test_verdicts_of_a_changed_study(small, plain_tables, tmp_path, monkeypatch, name):
    change, tables = CHANGED[name]
    study = _copy(small, tmp_path / "study")
    change(study)
    if name == "another setting":
        monkeypatch.setattr("aqbio.hypotheses.gathered.SPEED_GAP", 0.30)
    table_names = tables.split()
    monkeypatch.setattr(stage, "COLUMNS", {table: stage.COLUMNS[table] for table in table_names})
    study = load_study(study.file)
    hypotheses_study(study, lambda _line: None)
    assert broken(study) == []
    after, before = (
        _tables(study, *table_names),
        {table: plain_tables[table] for table in table_names},
    )
    lines = changed(_table_lines(before), _table_lines(after)) or ["nothing"]
    assert differences(f"hypotheses/{name.replace(' ', '_')}", lines) == []
    if name in (*UNTOUCHED, *UNSEEN):
        numbers, plain_numbers = (
            verdicts_of["verdicts"].set_index("hypothesis")[NUMBERS]
            for verdicts_of in (after, before)
        )
        is_estimated = (
            numbers["estimate"].notna() if name in UNSEEN else numbers["estimate"].notna() | True
        )
        pd.testing.assert_frame_equal(
            numbers[is_estimated], plain_numbers[is_estimated], check_dtype=False
        )
        assert is_estimated.sum() >= 3
    if name == "no step":
        results = Results(study, None)
        verdict_figures = [figure for figure in FIGURES if figure.section == "verdicts"]
        assert all(figure.table(results).empty for figure in verdict_figures)


@pytest.mark.parametrize("count", [1, 5])
def test_verdicts_of_few_athletes(tmp_path, monkeypatch, count):
    """Their strengths are known; with one, every other choice is gone through too."""
    study = drawn_study(tmp_path, "W1", athletes=count, multiverse=count == 1, capacities=True)
    table_names = ["verdicts", "single_athletes", "multiverse"]
    monkeypatch.setattr(stage, "COLUMNS", {table: stage.COLUMNS[table] for table in table_names})
    hypotheses_study(study, lambda _line: None)
    assert broken(study) == []
    tables = _tables(study, *table_names)
    assert differences(f"hypotheses/{count}_athletes", _table_lines(tables)) == []
    single = tables["single_athletes"].groupby("hypothesis")["estimate"].mean()
    estimates = tables["verdicts"].set_index("hypothesis")["estimate"]
    for name in ("H1", "H4"):
        assert estimates[name] == pytest.approx(single[name], rel=1e-9)


@pytest.mark.parametrize("measure", ["hidden_motion", "plain_hidden_motion"])
def test_a_trial_whose_motion_is_hidden_is_not_believed(small, tmp_path, measure):
    """That one alone, and only of the motion, fitted or plain, of which it is said."""
    study = _copy(small, tmp_path / "study")
    moving = [trial for trial in study.trials if trial.task != "static"]
    steps = pd.DataFrame(
        [{"participant_id": t.participant_id, "trial_id": t.trial_id} for t in moving]
    )
    assert (trial_table(study, steps)["invalidated"] == "").all()
    _beyond(measure, "fail", 10**6)(study)
    affected = trial_table(study, steps)
    affected = without_fit(affected) if measure.startswith("plain") else affected
    first = (moving[0].participant_id, moving[0].trial_id)
    assert affected.index[affected["invalidated"] != ""].tolist() == [first]
    assert affected.loc[first, "invalidated"] == "postures, momentum, moments, causes"
    if not measure.startswith("plain"):  # of the recording: before a fit as after it
        assert without_fit(affected).loc[first, "invalidated"] == affected.loc[first, "invalidated"]


@pytest.mark.parametrize(
    "factor",
    [
        pytest.param("contact_model", marks=pytest.mark.whole),
        pytest.param("event_threshold_n", marks=pytest.mark.whole),
        "pelvis_membership",
    ],
)
def test_other_families_change_nothing_under_a_choice(small, factor):
    registry, evidence = read_registry(), gather_evidence(small).evidence
    concerned = choices.concerned_families(registry, factor)
    assert 0 < len(concerned.hypotheses) < len(registry.hypotheses)
    verdict_of = {verdict.hypothesis: repr(verdict) for verdict in verdicts(evidence, registry)}
    family_verdicts = verdicts(evidence, concerned)
    assert {verdict.hypothesis for verdict in family_verdicts} >= {
        verdict.id
        for verdict in registry.hypotheses
        if set(factor.split()) <= set(verdict.multiverse)
    }
    for verdict in family_verdicts:
        with_hash = replaced(verdict, registry_hash=registry.hash)
        assert repr(with_hash) == verdict_of[verdict.hypothesis]


def test_arms_of_a_study_that_its_choices_contradict(tmp_path, monkeypatch):
    """Some choices flip the sign of numbers, one cannot be computed, another model is known.

    Several processes find what one finds.
    """
    study = drawn_study(tmp_path, "W1", athletes=4)

    def sign_flipped(rows: pd.DataFrame) -> pd.DataFrame:
        offset = rows["push_leg_offset"]
        chosen = rows["factor"].isin(["cutoff_hz", "body_segments"])
        return rows.assign(push_leg_offset=offset.mask(chosen, -offset))

    _rows(sign_flipped)(study)
    text = study.file.read_text("utf-8") + "other_models: {models: {other: {}}}\n"
    study.file.write_text(text, "utf-8")
    for index, person in enumerate(study.participants):
        cells = dict.fromkeys(OF_MODELS, 0) | {
            "participant_id": person.participant_id, "trial_id": "speed4", "model": "other",
            "level": "C (C2)", "target": "ground", "statistic": "force_mean", "axis": "y",
            "steps": 2, "side": "left",
        }  # fmt: skip
        forces = (("hip_swing", 10.0, 30.0 + index), ("hip_push", 90.0, 70.0))
        rows = [
            cells | {"source": name, "own": force, "other": other_force}
            for name, force, other_force in forces
        ]
        table = pd.DataFrame(rows).reindex(columns=list(OF_MODELS))
        write_columns(table, step_file(study, person.participant_id, MODELS), OF_MODELS, {})
    study, under = load_study(study.file), StudyEvidence.under

    def broken_one(self, name, **options):
        if name == "threshold=50":
            raise ZeroDivisionError(name)
        return under(self, name, **options)

    monkeypatch.setattr(StudyEvidence, "under", broken_one)
    gathering, outcome = gather_evidence(study), {}
    registry = read_registry()
    default_verdicts = verdicts(gathering.evidence, registry)
    for cores in (1, 2):
        parts = Parts(study, "hypotheses")
        arms = choices.multiverse(gathering, default_verdicts, registry, parts, cores)
        outcome[cores] = [repr(arm) for arm in arms], [arm.what for arm in parts.findings]
    assert outcome[1] == outcome[2]
    assert len(outcome[1][1]) == 1
    rows = [asdict(arm.verdict) | {"specification": arm.specification} for arm in arms]
    table = pd.DataFrame(rows).drop(columns="registry_hash")
    lines = [
        " ".join(cells_of_row)
        for cells_of_row in table[["hypothesis", "specification", "verdict"]].to_numpy()
    ]
    assert differences("hypotheses/arms", lines) == []
    estimate = table[table["hypothesis"] == "H1"].set_index("specification")["estimate"]
    for name in ("cutoff=15", "cutoff=30", "body=dumas", "body=de_leva"):  # of flipped sign
        assert estimate[name] == pytest.approx(-estimate["default"], rel=0.1)
    assert estimate["errors=plain"] == estimate["default"]
