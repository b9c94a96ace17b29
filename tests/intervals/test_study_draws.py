"""Draws of a study, computed again by an outsider from its files; what must not change them."""

from __future__ import annotations

import json
from hashlib import sha256

import netCDF4
import numpy as np
import pytest

from aqbio.intervals.study_draws import study_draws
from aqbio.intervals.worlds import WORLDS, difference
from tests.hypotheses.made_evidence import DEVIATION, POSTERIOR, drawn_study

VERTICAL = 1


@pytest.fixture
def study(tmp_path):
    return drawn_study(tmp_path, athletes=2, multiverse=False)


def _index(data, source):
    return int(np.flatnonzero(data["source"].values == source)[0])


def _outsiders(study, participant, trial, source):
    """Deviation of a vertical number, (K,), from the file, with weights drawn as documented."""
    path = study.folder(participant, "contributions") / f"{trial}.nc"
    with netCDF4.Dataset(path) as data:
        outcome = [str(name) for name in data["outcome_source"][:]].index(source)
        states = np.asarray(data["state_deviation"][:, 1, outcome, VERTICAL])
        names = [str(name) for name in data["state_source"][:]]
    assert set(names) == {"skin"}  # an error of the trial
    bearer = "\n".join(("skin", "trial", f"{participant}\t{trial}"))
    number = int.from_bytes(sha256(bearer.encode()).digest()[:8], "big")
    normal = np.random.default_rng((1, number)).standard_normal((WORLDS, len(states)))
    directions, triangle = np.linalg.qr(normal - normal.mean(axis=0))
    weights = directions * np.sign(np.diagonal(triangle)) * np.sqrt(WORLDS / len(states))
    return weights @ states


def test_draws_are_the_states_times_the_weights_of_their_bearer(study):
    data = study_draws(study, ["A01"], ("H1",), ["trial"], with_values=False)
    first = data["trial_id"].values[0]
    deviation = data["deviation"].values[:, 0, _index(data, "push_leg_offset"), VERTICAL]
    expected = _outsiders(study, "A01", first, "push_leg_offset")
    np.testing.assert_allclose(deviation, expected, rtol=1e-5)
    assert deviation.std() == pytest.approx(POSTERIOR["push_leg_offset"], rel=1e-5)


def test_the_model_is_common_to_all_people_and_the_rest_is_not(study):
    common = study_draws(study, None, ("H1",), ["common"], with_values=False)
    people = common["participant_id"].values
    values = common["deviation"].values[:, :, _index(common, "push_leg_offset"), VERTICAL]
    of_first, of_second = (values[:, people == name][:, 0] for name in ("A01", "A02"))
    np.testing.assert_array_equal(of_first, of_second)
    assert of_first.std() == pytest.approx(DEVIATION["push_leg_offset"], rel=1e-5)
    trial_errors = study_draws(study, None, ("H1",), ["trial"], with_values=False)[
        "deviation"
    ].values
    trial_errors = trial_errors[:, :, _index(common, "push_leg_offset"), VERTICAL]
    assert not np.allclose(
        trial_errors[:, people == "A01"][:, 0], trial_errors[:, people == "A02"][:, 0]
    )


def test_a_number_less_itself_is_nothing_in_every_world(study):
    data = study_draws(study, ["A01"], ("C (C2)",))
    value = data["value"].values + data["deviation"].values
    number = value[:, 0, _index(data, "hip_swing"), VERTICAL]
    assert difference(number, number) == (0.0, 0.0, 0.0)


def test_another_trial_or_person_changes_no_draw(study):
    """Not read, or not there: draws belong to their bearer."""
    of_all = study_draws(study, None, ("H1",), with_values=False)
    of_second = study_draws(study, ["A02"], ("H1",), with_values=False)
    chosen = of_all["participant_id"].values == "A02"
    np.testing.assert_array_equal(
        of_all["deviation"].values[:, chosen], of_second["deviation"].values
    )
    manifest = study.manifest("A02", "multiverse")
    text = json.loads(manifest.read_text(encoding="utf-8"))
    text["trials"] = [entry for entry in text["trials"] if entry["trial_id"] != "speed1"]
    manifest.write_text(json.dumps(text), encoding="utf-8")
    study.cache.clear()
    fewer = study_draws(study, ["A02"], ("H1",), with_values=False)
    left = of_second["trial_id"].values != "speed1"
    assert fewer.sizes["step"] == left.sum() < of_second.sizes["step"]
    np.testing.assert_array_equal(of_second["deviation"].values[:, left], fewer["deviation"].values)


def test_a_trial_without_the_outcomes_that_are_asked_for_costs_no_other(study):
    """Without plates there is no force: on two models its draws were none of two shapes."""
    before = study_draws(study, ["A01"], ("H1",), with_values=False)
    names = list(dict.fromkeys(before["trial_id"].values.tolist()))
    path = study.folder("A01", "contributions") / f"{names[0]}.nc"
    with netCDF4.Dataset(path, "a") as data:
        levels = data["outcome_level"]
        levels[:] = np.array(["force"] * len(levels), dtype=object)
    fewer = study_draws(study, ["A01"], ("H1",), with_values=False)
    assert list(dict.fromkeys(fewer["trial_id"].values.tolist())) == names[1:]
