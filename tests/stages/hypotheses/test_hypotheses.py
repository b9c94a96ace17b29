"""From evidence files to verdicts: labels for what was drawn, gates, and what is absent."""

from __future__ import annotations

import gc
import json
import shutil
import weakref
from dataclasses import replace as replaced

import numpy as np
import pandas as pd
import pytest

from aqbio.config import Capacity
from aqbio.figures.figure import Results
from aqbio.figures.speed import timing_numbers
from aqbio.figures.stage import FIGURES
from aqbio.gait.roles import with_pelvis
from aqbio.hypotheses import stage
from aqbio.hypotheses.gathered import capacity_scores, gathered
from aqbio.hypotheses.multiverse import choices
from aqbio.hypotheses.patterns import curve_means
from aqbio.hypotheses.stage import hypotheses_study
from aqbio.io.netcdf import read_dataset, write_dataset
from aqbio.io.study import load_study
from aqbio.io.tables import read_columns, read_table
from aqbio.multiverse import files as evidence_files
from aqbio.multiverse.files import CURVES, STEPS, evidence_file
from aqbio.multiverse.stage import curves_dataset
from aqbio.stats.registry import DEFAULT
from tests.small_study import replace
from tests.stages.hypotheses.conftest import broken
from tests.stages.hypotheses.made_evidence import drawn_study, write_evidence

pytestmark = pytest.mark.xdist_group("judged")

COLUMNS = (
    "hypothesis", "verdict", "found", "literal", "reason", "statistic", "estimate", "ci_low",
    "ci_high", "smallest_effect", "p_holm", "p_against_holm", "n_athletes", "n_steps", "n_showing",
    "share_low", "share_high", "robust", "influential", "gates", "fragile", "overturned_by",
    "decisive", "lowest", "highest", "silent", "mde", "registry_hash",
)  # fmt: skip


def _table(study, name):
    path = study.root / "tables" / f"{name}.tsv"
    return pd.read_csv(path, sep="\t", na_values="n/a", keep_default_na=False)


def _labels(study):
    return dict(_table(study, "verdicts")[["hypothesis", "verdict"]].itertuples(index=False))


def _judge(study, *tables):
    """Judge a study; only these tables are made, all if none is named."""
    with pytest.MonkeyPatch.context() as patched:
        if tables:
            patched.setattr(stage, "COLUMNS", {name: stage.COLUMNS[name] for name in tables})
        hypotheses_study(study, lambda _line: None)
    assert broken(study) == []
    return study


def _variants(data):
    return [one for _, make in choices(data) for one in make()]


def _copy(study, folder):
    """A study with its results, to be changed."""
    shutil.copytree(study.file.parent, folder, dirs_exist_ok=True)
    replace(folder / "study.yaml", study.file.parent.as_posix(), folder.as_posix())
    return load_study(folder / "study.yaml")


def test_columns_of_the_verdict_table(classical):
    table = _table(classical, "verdicts")
    assert tuple(table.columns[: len(COLUMNS)]) == COLUMNS
    sidecar = json.loads((classical.root / "tables" / "verdicts.json").read_text())
    assert set(sidecar["columns"]) == set(table.columns)
    assert len(set(table["registry_hash"])) == 1
    assert sidecar["provenance"]["registry_hash"] == table["registry_hash"][0]


def test_drawn_worlds_get_their_row(classical, balanced):
    """The discriminating cells of science.md 7.5; the whole matrix is `python -m validation`."""
    one, other = _labels(classical), _labels(balanced)
    assert [one[name] for name in ("H1", "H5a")] == ["not_supported"] * 2
    assert [other[name] for name in ("H1", "H4", "H5a")] == ["supported"] * 3
    for labels in (one, other):
        assert labels["H7"] == "supported"
        assert {name for name, label in labels.items() if label == "described"} == {
            "H2", "H3e", "H5b", "H7b", "H8b"
        }  # fmt: skip
        assert {labels[name] for name in ("H8a", "H9")} == {"inconclusive"}


def test_what_is_absent_is_not_guessed(classical):
    rows = _table(classical, "verdicts").set_index("hypothesis")
    assert rows.loc["H3b", "verdict"] == "not_testable"
    assert "capacities.tsv" in rows.loc["H3b", "reason"]
    assert rows.loc["H3e", "verdict"] == "described"
    assert "12 consecutive steps" in rows.loc["H3e", "reason"]


def test_verdicts_do_not_read_flight(balanced, tmp_path):
    """Momenta in flight replaced by noise: not a digit of the verdicts changes."""
    study = _copy(balanced, tmp_path)
    before = _table(study, "verdicts")
    for person in study.participants:
        path = evidence_file(study, person.participant_id, CURVES)
        data = read_dataset(path)
        flight = data["angular_momentum"][:, 1]
        data["angular_momentum"][:, 1] = np.random.default_rng(1).standard_normal(flight.shape)
        data["angular_momentum_rate"][:, 1] = 1e3
        write_dataset(data.drop_attrs(), path, {})
    after = _table(_judge(study, "verdicts"), "verdicts")
    pd.testing.assert_frame_equal(before, after)


@pytest.mark.parametrize("count", [1, 5])
def test_few_athletes_get_estimates_but_no_verdict(tmp_path, count):
    drawn = drawn_study(tmp_path, "W1", athletes=count, multiverse=count == 1)
    study = _judge(drawn, "verdicts", "single_athletes")
    rows = _table(study, "verdicts").set_index("hypothesis")
    judged = rows.loc[["H1", "H4", "H5a", "H7"]]
    assert set(judged["verdict"]) == {"inconclusive"}
    assert judged["reason"].str.contains("a test takes 6").all()
    single = _table(study, "single_athletes")
    assert set(single["participant_id"]) == {f"A{n + 1:02d}" for n in range(count)}
    for name in ("H1", "H2", "H4", "H5a"):
        own = single[single["hypothesis"] == name].astype({"ci_low": float, "ci_high": float})
        assert len(own) == count
        assert (own["ci_low"] < own["estimate"]).all()
        assert (own["estimate"] < own["ci_high"]).all()


def test_capacities_open_the_limiter(tmp_path):
    study = drawn_study(tmp_path, "W3", athletes=8, multiverse=False)
    random = np.random.default_rng(2)
    rows = ["participant_id\tmeasure\tside\tvalue\tunit"]
    for person in study.participants:
        name = person.participant_id
        rows.append(f"{name}\tknee_extension\tpush\t{random.uniform(2, 4)}\tN m/kg")
        rows.append(f"{name}\thip_flexion\tswing\t{random.uniform(1, 3)}\tN m/kg")
    (tmp_path / "capacities.tsv").write_text("\n".join(rows) + "\n")
    rows = _table(_judge(study, "verdicts"), "verdicts").set_index("hypothesis")
    assert rows.loc["H3b", "verdict"] == "inconclusive"
    assert "8 of 96 athletes" in rows.loc["H3b", "reason"]


def test_capacity_scores_are_standard_scores():
    rows = [
        Capacity(participant_id=name, measure="jump", side="push", value=value, unit="m")
        for name, value in (("A", 1.0), ("B", 2.0), ("C", 2.5), ("C", 3.5))
    ]
    found = capacity_scores(rows, ("A", "B", "C", "D"))
    np.testing.assert_allclose(found["push_capacity"][:3], [-1.0, 0.0, 1.0])
    assert np.isnan(found["push_capacity"][3])
    assert np.isnan(found["swing_capacity"]).all()
    # one athlete was tested twice: variance 0.5 of a test; means of 1, 1 and 2 tests; spread 1
    np.testing.assert_allclose(found["push_noise"], 0.5 * (1.0 + 1.0 + 0.5) / 3.0)
    assert np.isnan(found["swing_noise"]).all()


# partitions and lines ----------------------------------------------------------------------------


def test_all_partitions_are_ranked(classical):
    table = _table(classical, "partitions").set_index("partition")
    assert len(table) == 15
    assert set(table["phase"]) == {"stance"}  # in flight every partition balances
    steps = _table(classical, "hypotheses_steps")
    for name in ("swing_leg", "push_leg swing_leg", "arms torso"):
        column = f"chi_{name.replace(' ', '+')}"
        expected = steps.groupby("participant_id")[column].mean().mean()
        assert table.loc[name, "opposition"] == pytest.approx(expected, rel=1e-9)


# timing -----------------------------------------------------------------------------------------


def test_lags_around_the_turn_of_the_step_are_averaged_as_directions():
    """0.49 and −0.49 of a step are neighbours; the next speed goes on from there, not back."""
    lags = {0: [0.45, 0.46, 0.44], 1: [0.49, -0.49, 0.5], 2: [-0.46, -0.45, -0.44]}
    rows = [
        {"participant_id": "A", "level": level, "speed_mps": 6.0 + level, "lag": lag}
        for level, values in lags.items()
        for lag in values
    ]
    judged = pd.DataFrame({"hypothesis": ["H5a", "H5b"], "estimate": 0.1, "smallest_effect": 0.2})
    found = timing_numbers(pd.DataFrame(rows), judged).set_index("level")
    np.testing.assert_allclose(found["lag_mean"], [0.45, 0.5, 0.55], atol=1e-3)
    # three numbers 0.01 apart: sqrt(2/3) of it, to second order in 0.06 rad
    np.testing.assert_allclose(found["lag_sd"], np.sqrt(2.0 / 3.0) * 0.01, rtol=1e-2)
    assert set(found["n_steps"]) == {3}


def test_changes_in_the_figure_are_those_of_the_verdicts(balanced):
    rows = _table(balanced, "verdicts").set_index("hypothesis")
    steps, verdicts = (
        read_table(balanced.table(f"{name}.tsv")) for name in ("hypotheses_steps", "verdicts")
    )
    found = timing_numbers(steps, verdicts)
    assert (found["lag_change"] == float(rows.loc["H5a", "estimate"])).all()
    assert (found["spread_smallest"] == -0.1).all()


# registry ---------------------------------------------------------------------------------------


def test_a_registry_that_was_fixed_before_is_not_post_hoc(classical):
    assert set(_table(classical, "verdicts")["post_hoc"]) == {"no"}
    assert not len(_table(classical, "deviations"))


def test_a_changed_rule_is_post_hoc_where_it_was_changed(tmp_path):
    study = drawn_study(tmp_path, "W0", athletes=6, multiverse=False)
    text = DEFAULT.read_text(encoding="utf-8")
    (tmp_path / "hypotheses.yaml").write_text(text, encoding="utf-8")
    replace(
        tmp_path / "hypotheses.yaml",
        "delta: 0.05\n    unit: share of the summed",
        "delta: 0.01\n    unit: share of the summed",
    )
    rows = _table(_judge(study, "verdicts", "deviations"), "verdicts").set_index("hypothesis")
    assert rows["post_hoc"].to_dict() == {
        name: "yes" if name == "H1" else "no" for name in rows.index
    }
    [change] = _table(study, "deviations").itertuples(index=False)
    assert tuple(change) == ("H1", "delta", 0.05, 0.01)


def test_any_change_of_a_setting_or_a_constant_is_a_deviation(tmp_path, monkeypatch):
    """After the demo was read, speed levels 30 % apart and 20 % of usable steps turned a verdict
    without a trace: both are said, and everything is post hoc."""
    study = drawn_study(tmp_path, "W0", athletes=6, multiverse=False)
    monkeypatch.setattr("aqbio.hypotheses.gathered.SPEED_GAP", 0.30)
    text = (tmp_path / "study.yaml").read_text("utf-8")
    (tmp_path / "study.yaml").write_text(f"{text}quality: {{usable_share: 0.2}}\n", "utf-8")
    _judge(load_study(tmp_path / "study.yaml"), "verdicts", "deviations")
    verdicts = _table(study, "verdicts")
    assert set(verdicts["post_hoc"]) == {"yes"}
    found = {row.key: (row.hypothesis, row.before, row.now)
             for row in _table(study, "deviations").itertuples()}  # fmt: skip
    assert found == {
        "settings quality.usable_share": ("all", 0.7, 0.2),
        "constants hypotheses.gathered.SPEED_GAP": ("all", 0.04, 0.3),
    }
    record = json.loads((study.root / "registry.json").read_text("utf-8"))
    assert record["hash"] not in set(verdicts["registry_hash"])


def test_a_record_of_an_older_version_says_what_became_of_each_entry(tmp_path):
    study = drawn_study(tmp_path, "W0", athletes=6, multiverse=False)
    path = study.root / "registry.json"
    entries = [{"id": "H1", "delta": 0.05}, {"id": "H3f", "delta": 0.2}]
    old = {"hash": "0", "registry": {"version": 2, "hypotheses": entries}}
    path.write_text(json.dumps(old), "utf-8")
    table = _table(_judge(study, "deviations"), "deviations").set_index(["hypothesis", "key"])
    assert table.loc[("H1", "entry"), "now"] == "core"
    assert table.loc[("H3f", "entry"), "now"] == "in the table of claims that are not tested"
    assert table.loc[("all", "settings"), "before"] == "not recorded"


def test_without_a_record_everything_is_post_hoc(tmp_path):
    study = drawn_study(tmp_path, "W0", athletes=6, multiverse=False)
    (study.root / "registry.json").unlink()
    assert set(_table(_judge(study, "verdicts"), "verdicts")["post_hoc"]) == {"yes"}


# multiverse -------------------------------------------------------------------------------------


def test_pelvis_goes_where_it_is_sent():
    """Groups in the order push leg, swing leg, arms, torso, pelvis."""
    momentum = np.broadcast_to(np.array([1.0, 2.0, 3.0, 4.0, 0.5])[:, None], (1, 1, 5, 3)).copy()
    given = {
        "torso": [1.0, 2.0, 3.0, 4.0, 0.5],
        "out": [1.0, 2.0, 3.0, 4.0, 0.0],
        "push_leg": [1.5, 2.0, 3.0, 4.0, 0.0],
        "legs": [1.25, 2.25, 3.0, 4.0, 0.0],
    }
    for member, expected in given.items():
        np.testing.assert_allclose(with_pelvis(momentum, member)[0, 0, :, 1], expected)


def test_specifications_of_the_multiverse(balanced):
    found = [(one.name, one.factor) for one in _variants(gathered(balanced))]
    assert "default" not in dict(found)
    assert ("cutoff=15", "cutoff_hz") in found
    assert ("threshold=50", "event_threshold_n") in found
    assert ("pelvis=legs", "pelvis_membership") in found
    assert ("errors=plain", "errors") in found
    table = _table(balanced, "multiverse")
    assert table.groupby("hypothesis").size().max() <= 12 + 1  # and the study's own
    default = table[table["specification"] == "default"].set_index("hypothesis")["verdict"]
    labels = _labels(balanced)
    assert all(labels[name] == verdict for name, verdict in default.items())


def test_specifications_of_the_fit_need_a_trial_that_was_fitted(tmp_path):
    """Where no trial was fitted they repeat the default: agreement of copies is no robustness."""
    study = drawn_study(tmp_path, "W0", athletes=2)

    def renamed(rows):
        chosen = rows["specification"] == "cutoff=15"
        return rows.astype({"specification": str, "factor": str}).assign(
            specification=lambda table: table["specification"].mask(chosen, "consistency=off"),
            factor=lambda table: table["factor"].mask(chosen, "consistency"),
        )

    _changed(study, renamed)
    for fitted in (False, True):
        for person in study.participants:
            path = study.manifest(person.participant_id, "multiverse")
            manifest = json.loads(path.read_text("utf-8"))
            for trial in manifest["trials"]:
                trial["consistent"] = fitted and trial is manifest["trials"][0]
            path.write_text(json.dumps(manifest), encoding="utf-8")
        found = {one.name for one in _variants(gathered(study))}
        assert ("consistency=off" in found) == fitted
        assert "cutoff=30" in found


def test_a_specification_that_contradicts_makes_fragile(tmp_path):
    """The verdict of four in ten is another one when their numbers are replaced."""
    study = drawn_study(tmp_path, "W1", athletes=8)

    def against(rows):
        chosen = rows["factor"].isin(["cutoff_hz", "body_segments"])
        own = rows["opposition_difference"]
        return rows.assign(opposition_difference=own.mask(chosen, -own))

    _changed(study, against)
    rows = _table(_judge(study, "verdicts"), "verdicts").set_index("hypothesis")
    assert rows.loc["H1", ["verdict", "fragile"]].tolist() == ["supported", "yes"]
    assert rows.loc["H4", "fragile"] == "no"


def test_specifications_have_the_speeds_and_units_of_the_study(balanced):
    """Levels are those of the study's own settings; impulses are over m Ht sqrt(g Ht) in all."""
    found = gathered(balanced)
    own, other = found.evidence.steps, found.under("cutoff=15").steps
    speeds = own[own["trial_id"].str.startswith("speed")].reset_index(drop=True)
    pd.testing.assert_series_equal(speeds["yaw_impulse"], other["yaw_impulse"])
    assert set(other["level"]) <= set(own["level"])


@pytest.mark.parametrize(
    ("kept", "room", "reader", "size"),
    [
        ("step_tables", "KEPT", "read_columns", lambda one: int(one.memory_usage().sum())),
        ("step_curves", "KEPT_CURVES", "read_dataset", lambda one: one.nbytes),
    ],
)
def test_steps_and_curves_are_read_once_as_far_as_they_may_be_kept(
    balanced, monkeypatch, kept, room, reader, size
):
    reads, read = [], getattr(evidence_files, reader)

    def counted(path, **options):
        reads.append(path)
        return read(path, **options)

    monkeypatch.setattr(evidence_files, reader, counted)
    names = [person.participant_id for person in balanced.participants]
    one = getattr(evidence_files, kept)(balanced).of(names[0])
    monkeypatch.setattr(evidence_files, room, int(2.5 * size(one)))
    few = getattr(evidence_files, kept)(balanced)
    reads.clear()
    for name in 2 * names[:4]:
        found = few.of(name)
        again = few.read(name)
        assert found.equals(again)
    assert len(reads) == 4 + 2 + 8
    assert len(few.kept) == 2


def test_no_more_than_one_participant_of_curves_is_in_memory(balanced):
    """Curves of a participant are let go before those of the next one are read."""
    evidence = gathered(balanced).evidence
    alive, most = [], 0

    def watched(name):
        nonlocal most
        gc.collect()  # of what was made since the freeze
        most = max(most, sum(one() is not None for one in alive) + 1)
        curves = evidence.curves(name)
        alive.append(weakref.ref(curves["angular_momentum"].variable._data))
        return curves

    seen = replaced(evidence, curves=watched)
    gc.freeze()
    try:
        curve_means(seen)
    finally:
        gc.unfreeze()
    assert len(alive) >= len(evidence.athletes)
    assert most <= 2  # the one before is let go when the next one is there


# what a study may lack ----------------------------------------------------------------------------


def _changed(study, change):
    """Change the numbers of the steps of every participant."""
    for person in study.participants:
        rows = read_columns(evidence_file(study, person.participant_id, STEPS))
        write_evidence(study, person.participant_id, change(rows))


def _empty(study):
    """Leave no step."""
    _changed(study, lambda rows: rows[:0])
    for person in study.participants:
        write_dataset(curves_dataset([]), evidence_file(study, person.participant_id, CURVES), {})


def test_a_study_without_a_step_has_no_verdict(tmp_path):
    study = drawn_study(tmp_path, "W0", athletes=6)
    _empty(study)
    labels = _labels(_judge(study))
    assert set(labels.values()) <= {"inconclusive", "not_testable"}
    assert not len(_table(study, "hypotheses_steps"))


@pytest.mark.parametrize(
    "reason", ["", "the markers do not show arm_left, arm_right", "the model has no arm_left"]
)
def test_without_arms_nothing_about_arms_is_tested(tmp_path, reason):
    """The reason is that of the recordings, of the model only where the model has none."""
    study = drawn_study(tmp_path, "W1", athletes=8, multiverse=False)

    _changed(study, lambda rows: _unknown(rows, "shows_arms", "hub_share"))
    if reason:
        _said(study, arms=reason)
    tables = ("verdicts",) if reason else ()
    rows = _table(_judge(study, *tables), "verdicts").set_index("hypothesis")
    for name in ("H1", "H2"):
        assert rows.loc[name, "verdict"] == "not_testable"
        assert rows.loc[name, "reason"].startswith(reason or "no step shows the arms")
    # without arms there is no residual of the whole body: nothing says how precise a trial is
    assert rows.loc["H5a", "verdict"] == "inconclusive"
    assert rows.loc["H7", "verdict"] == "supported"


def test_without_legs_nothing_about_the_sides_is_tested(tmp_path):
    """Legs that no landmark places leave no athlete: not a matter of too few numbers."""
    study = drawn_study(tmp_path, "W1", athletes=8, multiverse=False)

    _changed(study, lambda rows: _unknown(rows, "shows_legs"))
    _said(study, legs="no landmarks place leg_left")
    rows = _table(_judge(study), "verdicts").set_index("hypothesis")
    for name in ("H1", "H2"):
        assert rows.loc[name, "verdict"] == "not_testable"
        assert rows.loc[name, "reason"] == "no landmarks place leg_left"
    assert rows.loc["H7", "verdict"] == "supported"


def _unknown(rows, shows, *more):
    """Steps of which some group is not observed: no opposition, no cosine, no ratio of momenta."""
    names = [one for one in rows if one.startswith(("chi_", "opposition_", "log_ratio_momentum"))]
    names += ["arms_push_cosine", "same_legs_cosine", *more]
    return rows.assign(**{shows: 0.0, **dict.fromkeys(names, np.nan)})


def _said(study, **reasons):
    """What stage evidence says of trials in which parts are not observed."""
    for person in study.participants:
        path = study.manifest(person.participant_id, "multiverse")
        manifest = json.loads(path.read_text("utf-8"))
        manifest["trials"] = [{**one, "unseen": reasons} for one in manifest["trials"]]
        path.write_text(json.dumps(manifest), "utf-8")


def test_figures_of_a_study_without_a_step(tmp_path):
    study = drawn_study(tmp_path, "W0", athletes=6)
    _empty(study)
    results = Results(_judge(study), None)
    verdicts = [one for one in FIGURES if one.section == "verdicts"]
    assert all(one.table(results).empty for one in verdicts)
