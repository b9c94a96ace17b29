"""Reference group: rows by an outsider's arithmetic, others at a speed in closed form, words."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from aqbio.io.dictionary import columns
from aqbio.io.study import load_study
from aqbio.io.tables import read_table
from aqbio.names import AXES, REFERENCE_TABLE
from aqbio.pages.address import plain
from aqbio.pages.others import beside_others
from aqbio.reference import group
from aqbio.reference.group import (
    MAX_SPEED_OFFSET_MPS,
    PARTS,
    other_people,
    others_at,
    people_words,
    read_reference,
    reference_rows,
    write_reference,
)

MASS_KG, STATURE_M = 70.0, 1.75


def _study(folder: Path, extra: str = "", people: tuple[str, ...] = ("A", "B")):
    header = "participant_id\tsex\tperson\tlaboratory\n"
    rows = "".join(f"{name}\tmale\tn/a\tlab\n" for name in people)
    (folder / "participants.tsv").write_text(header + rows, encoding="utf-8")
    runs = "".join(f"{name}\trun\trun\t{name}.c3d\n" for name in people)
    text = f"participant_id\ttrial_id\ttask\tfile\n{runs}"
    (folder / "trials.tsv").write_text(text, encoding="utf-8")
    (folder / "study.yaml").write_text(f"name: made\n{extra}", encoding="utf-8")
    return load_study(folder / "study.yaml")


@pytest.fixture
def body(monkeypatch):
    """Mass and stature without records of stages."""
    monkeypatch.setattr(group, "used_mass", lambda *_: MASS_KG)
    monkeypatch.setattr(group, "used_stature", lambda *_: STATURE_M)


def _steps(trials: dict[tuple[str, str], list[tuple[str, str, float]]]) -> pd.DataFrame:
    """Steps of trials as (side, status, momentum of everything); speed 4 on the left, 5 right."""
    rows = []
    for (person, trial), steps in trials.items():
        for side, status, value in steps:
            row = {"participant_id": person, "trial_id": trial, "side": side, "status": status}
            row |= {"step_flags": "", "speed_mps": 4.0 if side == "left" else 5.0}
            row |= {"speed_change_mps": 0.0}
            row |= {f"H_{p}_{a}_stance_mean_kgm2ps": value for p in PARTS for a in AXES}
            row |= {f"H_{p}_{a}_stance_mean_sd_kgm2ps": 0.1 for p in PARTS for a in AXES}
            rows.append(row)
    return pd.DataFrame(rows)


def _trials(*rows: tuple[str, str, str, str | None]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"participant_id": person, "trial_id": trial, "condition": "normal", "state": state,
             "invalidated": invalidated, "against": None, "surface": "treadmill"}
            for person, trial, state, invalidated in rows
        ]
    )  # fmt: skip


def test_a_row_is_the_mean_of_both_feet_over_mass_stature_and_speed(tmp_path, body):
    """Three left steps of 1 and one right step of 3 have the mean 2, at 4.5 m/s."""
    feet = [("left", "ok", 1.0)] * 3 + [("right", "ok", 3.0), ("right", "rejected", 99.0)]
    rows = reference_rows(
        _study(tmp_path), _steps({("A", "run"): feet}), _trials(("A", "run", "usable", None))
    )
    assert list(rows.columns) == list(columns("reference"))
    assert len(rows) == len(PARTS) * len(AXES)
    assert set(rows["mean_kgm2ps"]) == {2.0}
    assert set(rows["speed_mps"]) == {4.5}
    assert set(rows["steps"]) == {4}
    assert rows["between_steps_sd_kgm2ps"].to_numpy() == pytest.approx(1.0)  # of 1 1 1 3
    assert rows["scaled"].to_numpy() == pytest.approx(1000 * 2 / (70 * 1.75 * 4.5))


@pytest.mark.parametrize(
    ("changes", "flags", "counted"),
    [
        ([0.3, 0.3, -0.5], "", 0),  # it speeds up, though one step loses more
        ([-0.3, -0.3, 0.0], "", 0),  # it slows down
        ([0.9, 0.0, 0.0], "accelerating", 3),  # one step alone
        ([0.0, 0.0, 0.0], "heading_change", 2),
        ([float("nan")] * 3, "", 3),  # not known
    ],
)
def test_only_steady_running_on_a_straight_counts(tmp_path, body, changes, flags, counted):
    steps = _steps({("A", "run"): [("left", "ok", 1.0), ("right", "ok", 1.0), ("left", "ok", 1.0)]})
    steps = steps.assign(speed_change_mps=changes, step_flags=[flags, "", ""])
    rows = reference_rows(_study(tmp_path), steps, _trials(("A", "run", "usable", None)))
    assert set(rows["steps"]) == ({counted} if counted else set())


@pytest.mark.parametrize(
    ("state", "invalidated", "counts"),
    [
        ("usable", None, True),
        ("usable without parts", None, True),
        ("doubtful", "moments, causes", True),
        ("doubtful", "momentum, moments, causes", False),
        ("failed", None, False),
    ],
)
def test_trials_with_affected_momentum_are_excluded(tmp_path, body, state, invalidated, counts):
    steps = _steps({("A", "run"): [("left", "ok", 1.0), ("right", "ok", 1.0)]})
    rows = reference_rows(_study(tmp_path), steps, _trials(("A", "run", state, invalidated)))
    assert bool(len(rows)) == counts


def test_other_conditions_and_parts_that_were_not_observed_are_left_out(tmp_path, body):
    steps = _steps({("A", "run"): [("left", "ok", 1.0)], ("B", "run"): [("left", "ok", 1.0)]})
    steps.loc[0, "H_arms_y_stance_mean_kgm2ps"] = np.nan
    trials = _trials(("A", "run", "usable", None), ("B", "run", "usable", None))
    trials.loc[1, "condition"] = "restricted_arms"
    rows = reference_rows(_study(tmp_path), steps, trials)
    assert set(rows["person"]) == {"A"}
    assert ("arms", "y") not in set(zip(rows["part"], rows["axis"], strict=True))
    assert ("arms", "x") in set(zip(rows["part"], rows["axis"], strict=True))


def _people(values: dict[str, dict[float, float]], study: str = "made") -> pd.DataFrame:
    """Reference rows of arms about the vertical: person, speed, scaled number."""
    return pd.DataFrame(
        [
            {"study": study, "person": person, "part": "arms", "axis": "y", "speed_mps": speed,
             "scaled": value, "sex": "male", "published": None, "laboratory": "lab",
             "surface": "treadmill"}
            for person, by_speed in values.items()
            for speed, value in by_speed.items()
        ]
    )  # fmt: skip


def test_reference_is_interpolated_only_between_measured_speeds():
    """Between 3 and 5; within 0.3 beyond an end; not across a gap of 3 m/s; not farther."""
    people = _people({"P": {3.0: 1.0, 5.0: 2.0, 8.0: 5.0}})

    def at(speed: float) -> dict[str, float]:
        values = others_at(people, "arms", "y", speed).values
        return {person: value for (_, person), value in values.items()}

    assert at(3.5) == {"P": 1.25}
    assert at(4.0) == {"P": 1.5}
    assert at(2.8) == {"P": 1.0}
    assert at(8.0 + MAX_SPEED_OFFSET_MPS - 1e-9) == {"P": 5.0}
    assert at(2.6) == at(6.5) == at(8.4) == {}
    assert at(5.2) == {"P": 2.0}


def test_five_people_make_a_band_and_four_do_not():
    five = _people(
        {name: {4.0: value} for name, value in zip("ABCDE", (1, 2, 3, 4, 5), strict=True)}
    )
    at = others_at(five, "arms", "y", 4.0)
    assert at.is_band
    assert (at.mean, at.sd) == (3.0, pytest.approx(np.sqrt(2.5)))
    four = others_at(five[five["person"] != "E"], "arms", "y", 4.0)
    assert not four.is_band
    assert np.isnan(four.mean)
    assert np.isnan(four.sd)
    assert four.range == (1.0, 4.0)
    assert others_at(five, "legs", "y", 4.0).values == {}


def test_reference_group_excludes_the_athlete(tmp_path):
    """By person within the study of the reference; elsewhere the same name is another person."""
    study, people = _study(tmp_path), _people({"A": {4.0: 1.0}, "B": {4.0: 2.0}})
    assert set(other_people(people, study, "A")["person"]) == {"B"}
    elsewhere = _people({"A": {4.0: 1.0}, "B": {4.0: 2.0}}, study="public_runners")
    assert set(other_people(elsewhere, study, "A")["person"]) == {"A", "B"}


def test_sessions_of_one_person_are_one_person(tmp_path):
    study = _study(tmp_path)
    sheet = tmp_path / "participants.tsv"
    text = sheet.read_text(encoding="utf-8").replace("\tn/a\t", "\tsame\t")
    sheet.write_text(text, encoding="utf-8")
    study = load_study(study.file)
    people = _people({"same": {4.0: 1.0}, "C": {4.0: 2.0}})
    assert set(other_people(people, study, "B")["person"]) == {"C"}


def test_reference_people_are_counted_by_source():
    people = pd.concat(
        [
            _people({"A": {2.0: 1.0, 5.04: 1.0}, "B": {3.0: 1.0}}),
            _people({"C": {9.5: 1.0}}).assign(
                published="Doe (2013)", surface="overground", sex="female"
            ),
        ]
    )
    assert people_words(people) == (
        "2 men of lab, on a treadmill, 2.0 to 5.0 m/s; 1 woman of Doe (2013), overground, 9.5 to "
        "9.5 m/s"
    )


def test_a_study_may_have_a_group_of_its_own(tmp_path):
    shipped = load_study(_study(tmp_path).file)
    assert shipped.reference_file == REFERENCE_TABLE
    study = _study(tmp_path, extra="figures: {reference: group.tsv}\n")
    assert study.reference_file == tmp_path / "group.tsv"
    read_table(REFERENCE_TABLE).head(24).to_csv(
        study.reference_file, sep="\t", index=False, na_rep="n/a"
    )
    assert len(read_reference(study)) == 24


def test_the_same_results_give_the_same_bytes(tmp_path, body, monkeypatch):
    study = _study(tmp_path)
    steps = _steps({("A", "run"): [("left", "ok", 1 / 3), ("right", "ok", 2 / 3)]})
    tables = {"steps": steps, "trials": _trials(("A", "run", "usable", None))}
    monkeypatch.setattr(group, "read_table", lambda path: tables[path.stem])
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        assert write_reference(study, tmp_path / folder / "momentum.tsv") == 1
    for name in ("momentum.tsv", "momentum.json"):
        first, second = ((tmp_path / folder / name).read_bytes() for folder in ("one", "two"))
        assert first == second
        assert str(tmp_path).encode() not in first


# the table that is shipped -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped() -> pd.DataFrame:
    return read_table(REFERENCE_TABLE)


def test_the_shipped_table_is_described_and_names_its_sources(shipped):
    assert list(shipped.columns) == list(columns("reference"))
    assert shipped["published"].notna().all()
    assert shipped["published"].str.fullmatch(r".+ \(\d{4}\)").all()
    assert set(shipped["part"]) == set(PARTS)
    assert set(shipped["axis"]) == set(AXES)
    assert not shipped.duplicated(["person", "speed_mps", "part", "axis"]).any()


def test_the_shipped_people_are_those_of_the_public_study(shipped):
    folder = Path(__file__).parents[2] / "data/public_runners"
    study = load_study(folder / "study.yaml")
    people = {row.person or row.participant_id for row in study.participants}
    assert set(shipped["person"]) <= people
    assert len(people - set(shipped["person"])) <= 1
    assert set(shipped["study"]) == {study.settings.name}


def test_shipped_parts_add_up_to_sides_and_whole(shipped):
    """Momentum of the parts is that of the body: an identity that no table can miss."""
    keys = ["person", "speed_mps", "axis"]
    wide = shipped.pivot_table(index=keys, columns="part", values="mean_kgm2ps")
    push = wide[["push_leg", "arms", "torso", "pelvis"]].sum(axis=1)
    size = wide.abs().max(axis=1)
    assert ((push - wide["push_side"]).abs() < 1e-3 * size).all()
    assert ((push + wide["swing_leg"] - wide["total"]).abs() < 1e-3 * size).all()
    assert (wide["swing_leg"] == wide["swing_side"]).all()


def test_shipped_scaled_numbers_are_means_over_mass_stature_and_speed(shipped):
    scale = shipped["mass_kg"] * shipped["stature_m"] * shipped["speed_mps"]
    expected = 1000 * shipped["mean_kgm2ps"] / scale
    error = (shipped["scaled"] - expected).abs()
    assert (error <= 2e-4 * expected.abs() + 1e-9).all()


def test_shipped_momentum_mirrors_nothing_that_mechanics_forbids(shipped):
    """Legs and arms of running turn against each other (Hinrichs 1987), by a third of the size."""
    about_vertical = shipped[shipped["axis"] == "y"]
    mean = about_vertical.groupby("part")["scaled"].mean()
    assert mean["push_leg"] < 0
    assert mean["swing_leg"] < 0
    assert mean["arms"] > 0
    assert abs(mean["total"]) < 0.2 * mean["arms"]


# on a page ----------------------------------------------------------------------------------------


def _own_steps(speed: float, value: float, error: float = 0.01) -> pd.DataFrame:
    rows = []
    for number, side in enumerate(("left", "right", "left", "right"), 1):
        row = {"participant_id": "A", "trial_id": "run", "step": number, "side": side}
        row |= {"condition": "normal", "status": "ok", "step_flags": "", "speed_mps": speed}
        for part in ("push_leg", "swing_leg", "arms", "torso", "total"):
            row[f"H_{part}_y_stance_mean_kgm2ps"] = value
            row[f"H_{part}_y_stance_mean_sd_kgm2ps"] = error
        rows.append(row)
    return pd.DataFrame(rows)


def _group(people: int, speeds: tuple[float, ...] = (3.0, 5.0)) -> pd.DataFrame:
    parts = ("push_leg", "swing_leg", "arms", "torso", "total")
    steps = _people({f"P{n}": dict.fromkeys(speeds, 1.0 + n) for n in range(people)}, "other")
    return pd.concat([steps.assign(part=part) for part in parts])


@pytest.fixture
def page(tmp_path, monkeypatch):
    """Section of an athlete with a scale of 100 kg m, so that 1 thousandth at 4 m/s is 0.4."""
    study = _study(tmp_path)
    monkeypatch.setattr("aqbio.pages.others.body_scale", lambda *_: 100.0)

    def section_of(steps: pd.DataFrame, people: int):
        monkeypatch.setattr("aqbio.pages.others.read_reference", lambda _: _group(people))
        return beside_others(study, "A", steps)

    return section_of


def test_a_page_scales_the_others_to_the_athlete(page):
    """Others have 1 to 5 thousandths: at 4 m/s and 100 kg m that is 0.4 to 2.0."""
    section = page(_own_steps(4.0, 1.0), 5)
    [speed] = section.speeds
    assert plain(speed.title) == "4.0 m/s"
    assert plain(speed.others_title) == "5 others"
    arms = speed.parts[2]
    texts = (arms.label, plain(arms.text), plain(arms.others_text))
    assert texts == ("arms", "1.00 ± 0.02", "1.20 ± 0.63")
    assert plain(section.sentence) == (
        "At 4.0 m/s no part leaves the range of 5 others beyond the error of measurement."
    )
    assert plain(section.people) == "5 men of lab, on a treadmill, 3.0 to 5.0 m/s"


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        (2.5, 0.01, "the arms, the torso and the whole body lie above the range"),
        (0.2, 0.01, "the arms, the torso and the whole body lie below the range"),
        (2.1, 0.2, "no part leaves the range"),
        (0.3, 0.2, "no part leaves the range"),
        (1.0, 0.2, "no part leaves the range"),
    ],
)
def test_beyond_the_others_is_beyond_their_range_and_its_own_error(page, value, error, words):
    section = page(_own_steps(4.0, value, error), 5)
    assert words in plain(section.sentence)
    beyond = "no part" not in plain(section.sentence)
    assert all(bool(part.side) == beyond for part in section.speeds[0].parts)


def test_fewer_than_five_are_points_and_no_band(page):
    section_of_four, section_of_five = page(_own_steps(4.0, 1.0), 4), page(_own_steps(4.0, 1.0), 5)
    assert plain(section_of_four.sentence) == "At 4.0 m/s 4 others ran: too few for a band."
    assert plain(section_of_four.speeds[0].parts[0].others_text) == "0.40, 0.80, 1.20, 1.60"
    assert not section_of_four.speeds[0].parts[0].side
    assert 'class="band"' not in section_of_four.drawing
    assert 'class="band"' in section_of_five.drawing
    assert (
        len(re.findall('<circle class="others"', section_of_four.drawing)) == 5 * 4
    )  # parts times people
    assert '<circle class="others"' not in section_of_five.drawing


def test_speed_without_reference_is_stated(page):
    section = page(_own_steps(9.0, 1.0), 5)
    assert plain(section.sentence) == "At 9.0 m/s nobody else ran: too few for a band."
    assert section.speeds[0].parts[0].others_text == ""


def test_without_steps_there_is_no_section(page):
    assert page(_own_steps(4.0, 1.0).iloc[:0], 5) is None
