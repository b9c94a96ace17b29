"""Sources of evidence: scores of strengths, speed levels and specifications, by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from aqbio.config import Strength
from aqbio.hypotheses import gathered
from aqbio.hypotheses import multiverse as choices
from aqbio.hypotheses.gathered import (
    _levels,
    _units,
    accelerating_trials,
    capacity_scores,
    without_turns,
)
from aqbio.multiverse.specifications import PELVIS
from aqbio.stats.evidence import TRIAL

PEOPLE = ("A", "B", "C", "D", "E")
KNEE, HIP, ANKLE = "knee_extension", "hip_flexion", "ankle_plantarflexion"


def _tests(seed: int = 1, unit: float = 1.0) -> list[Strength]:
    """Two tests of the push side and one of the swing side, two to four attempts each."""
    random, rows = np.random.default_rng(seed), []
    for movement, mean in ((KNEE, 200.0), (HIP, 90.0), (ANKLE, 120.0)):
        for index, name in enumerate(PEOPLE):
            strength = mean * (1.0 + 0.2 * random.standard_normal())
            for attempt in range(1, 3 + index % 3):
                value = unit * strength * (1.0 + 0.05 * random.standard_normal())
                row = {"participant_id": name, "side": "bilateral", "movement": movement,
                       "contraction": "isometric", "unit": "N m", "value": value,
                       "attempt": attempt}  # fmt: skip
                rows.append(Strength(**row))
    return rows


def _score(rows: list[Strength], movement: str) -> tuple[pd.Series, float]:
    """Standard scores of means, and the variance of a mean over that between athletes."""
    strengths = [(row.participant_id, row.value) for row in rows if row.movement == movement]
    by_athlete = pd.DataFrame(strengths, columns=["who", "value"]).groupby("who")["value"]
    means, free = by_athlete.mean(), by_athlete.size() - 1
    within = (by_athlete.var() * free).sum() / free.sum()
    error = np.mean([within / count for count in by_athlete.size()])
    return (means - means.mean()) / means.std(), error / means.var()


def test_capacities_are_mean_scores_of_tests_and_their_errors_an_analysis_of_variance():
    rows = _tests()
    scores = capacity_scores(rows, PEOPLE)
    (knee, knee_noise), (ankle, ankle_noise) = (_score(rows, name) for name in (KNEE, ANKLE))
    hip, hip_noise = _score(rows, HIP)
    np.testing.assert_allclose(scores["push_capacity"], (knee + ankle) / 2.0)
    np.testing.assert_allclose(scores["swing_capacity"], hip)
    np.testing.assert_allclose(scores["push_capacity_error"] ** 2, (knee_noise + ankle_noise) / 4.0)
    np.testing.assert_allclose(scores["swing_capacity_error"] ** 2, hip_noise)


def test_capacities_know_neither_units_nor_the_order_of_rows():
    expected = capacity_scores(_tests(), PEOPLE)
    for rows in (_tests(unit=1.7), _tests()[::-1]):
        scores = capacity_scores(rows, PEOPLE[::-1])
        for name, values in expected.items():
            np.testing.assert_allclose(scores[name], values[::-1], rtol=1e-9, err_msg=name)


def test_without_a_test_there_is_no_capacity_and_single_tests_have_no_known_error():
    rows = [row for row in _tests() if (row.participant_id, row.movement) != ("B", ANKLE)]
    scores = capacity_scores([row for row in rows if row.movement != HIP], PEOPLE)
    assert np.isnan(scores["push_capacity"]).tolist() == [False, True, False, False, False]
    assert np.isnan(scores["swing_capacity"]).all()
    assert np.isnan(scores["swing_capacity_error"]).all()
    single_test = capacity_scores([row for row in rows if row.attempt == 1], PEOPLE)
    assert np.isnan([single_test[f"{side}_capacity_error"] for side in ("push", "swing")]).all()
    assert np.isfinite(single_test["swing_capacity"]).all()


def _steps(speeds: dict[tuple[str, str], list[float]]) -> pd.DataFrame:
    rows = [(*key, speed) for key, speeds_of_trial in speeds.items() for speed in speeds_of_trial]
    return pd.DataFrame(rows, columns=[*TRIAL, "speed_mps"])


SPEEDS = {
    ("A", "d"): [8.9, 9.1], ("A", "a"): [4.9, 5.1], ("A", "e"): [9.2], ("A", "b"): [5.2],
    ("A", "c"): [7.0], ("B", "b"): [5.1], ("B", "a"): [5.0], ("B", "c"): [12.0],
}  # fmt: skip
"""Of A, whose highest speed is 9.2: 5.0 and 5.2, then 7.0, then 9.0 and 9.2."""


def test_speeds_that_are_far_apart_are_other_levels():
    """By each athlete's own speeds, whatever the order of the rows and the unit of speed."""
    expected = {"Aa": 0, "Ab": 0, "Ac": 1, "Ad": 2, "Ae": 2, "Ba": 0, "Bb": 0, "Bc": 1}
    steps = _steps(SPEEDS)
    for rows in (steps, steps[::-1], steps.assign(speed_mps=3.6 * steps["speed_mps"])):
        levels = _levels(rows, ())
        assert {"".join(key): level for key, level in levels.items()} == expected
    levels = _levels(steps, {("A", "c"), ("A", "d"), ("A", "e"), ("B", "a")})
    assert {"".join(key): level for key, level in levels.items()} == {
        "Aa": 0, "Ab": 0, "Bb": 0, "Bc": 1,
    }  # fmt: skip


@pytest.mark.parametrize("unit", [1.0, 100.0, 0.01])
def test_a_trial_accelerates_by_the_share_that_its_middle_step_gains(unit):
    """A tenth of any speed, in any unit; a single step that gains much makes no acceleration."""
    keys = [("A", "fast"), ("A", "slow"), ("B", "fast"), ("B", "slow")]
    steps = _steps({key: [10.0 if key[1] == "fast" else 1.0] * 3 for key in keys})
    gains = [1.0, 1.0, -9.0, 0.1, 0.1, 0.0, 0.0, 0.0, 9.0, -0.1, -0.1, 0.1]
    steps = steps.assign(speed_change_mps=gains)
    steps[["speed_mps", "speed_change_mps"]] *= unit
    for rows in (steps, steps[::-1]):
        assert accelerating_trials(rows) == {("A", "fast"), ("A", "slow")}


def test_steps_that_turn_are_no_evidence():
    """A side-step in a trial of running leaves the trial's other steps."""
    steps = pd.DataFrame(
        {
            "participant_id": pd.Categorical(["A", "A", "B", "B"]), "trial_id": list("rrrs"),
            "step": [1, 2, 1, 2],
            "step_flags": ["lateral_force,heading_change", None, "accelerating", "heading_change"],
        }
    )  # fmt: skip
    kept = without_turns(steps.drop(columns="step_flags"), steps)
    assert kept[["participant_id", "step"]].to_numpy().tolist() == [["A", 2], ["B", 1]]


def test_a_person_is_compared_with_the_last_session_that_was_tested():
    """P in four sessions, the last without strengths; Q without strengths in the first; R in one;
    V in two; S and T are people of one row each."""
    people = [("P1", "P"), ("Q1", "Q"), ("P2", "P"), ("S", None), ("P3", "P"), ("Q2", "Q"),
              ("Q3", "Q"), ("P4", "P"), ("R1", "R"), ("T", None),
              ("V1", "V"), ("V2", "V")]  # fmt: skip
    tested = ("P1", "P2", "P3", "Q2", "Q3", "R1", "S", "T", "V1", "V2")
    study = SimpleNamespace(
        participants=[
            SimpleNamespace(participant_id=name, person=person) for name, person in people
        ],
        strength=[SimpleNamespace(participant_id=name) for name in tested * 2],
    )
    assert gathered.tested_sessions(study) == {"P1": "P3", "V1": "V2"}


def _people(heights: dict[str, float | None], mass: float | None = 60.0) -> SimpleNamespace:
    people = {name: SimpleNamespace(height_m=height) for name, height in heights.items()}
    trials = [{"trial_id": "static"}, {"mass_kg": mass}]
    return SimpleNamespace(
        participants=tuple(people.values()),
        participant=people.get,
        read_manifest=lambda *_: {"trials": trials},
    )


def test_units_are_those_of_a_body_that_falls_its_own_height():
    """A moment of weight times stature; a momentum of it over the time in which half of the stature
    is fallen. Where one stature or a mass is unknown nobody has a unit of his own."""
    study = _people({"A": 1.6, "B": 1.9})
    for name, height in (("A", 1.6), ("B", 1.9)):
        momentum, moment = _units(study, name)
        assert moment == pytest.approx(60.0 * 9.80665 * height)
        fallen = 0.5 * 9.80665 * (momentum / moment) ** 2
        assert fallen == pytest.approx(height / 2.0)
    for lacking in (_people({"A": 1.6, "B": None}), _people({"A": 1.6, "B": 1.9}, None)):
        assert _units(lacking, "A") == _units(lacking, "B") == (1.0, 1.0)


@pytest.mark.parametrize("consistent", [True, False])
def test_choices_of_the_fit_are_made_where_some_trial_was_fitted(monkeypatch, consistent):
    """The study's own choice is no other one, and those of the pelvis come last."""
    pairs = [
        ("default", ""), ("pelvis=legs", PELVIS), ("consistency=off", "consistency"),
        ("cutoff=15", "cutoff_hz"), ("consistency=off cutoff=15", "consistency cutoff_hz"),
        ("body=dumas", "body_segments"),
    ]  # fmt: skip
    monkeypatch.setattr(choices, "evidence_specifications", lambda _: pairs)
    trials = pd.DataFrame({"consistent": [False, consistent, False]})
    data = SimpleNamespace(evidence=SimpleNamespace(trials=trials), study=None)
    fitted = ["consistency=off", "cutoff=15", "consistency=off cutoff=15", "body=dumas"]
    plain = ["cutoff=15", "body=dumas"]
    recomputed = choices.recomputed(data)
    assert [name for name, _ in recomputed] == [*(fitted if consistent else plain), "pelvis=legs"]
    assert set(recomputed) <= set(pairs)
