"""A few of the alterations of `python -m benchmarks.alterations`, drawn by a seed of their own."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from benchmarks.alterations.angle_files import delete_columns
from benchmarks.alterations.bases import bases
from benchmarks.alterations.drawn import draws, suits
from benchmarks.alterations.hidden_markers import hide_limb
from benchmarks.alterations.judged import judgement
from benchmarks.alterations.misplaced_markers import exchange_sides
from benchmarks.alterations.runs import outcome
from benchmarks.alterations.statements import surface
from benchmarks.alterations.whole_recordings import other_order
from tests.one_each import ONE_EACH

pytestmark = [pytest.mark.real, pytest.mark.opensim]

NOTHING_HELD_OUT = "consistency: {held_out_folds: 0}"
"""Nobody looks at how a fit predicts what it was not shown: neither steps nor what is said."""

CASES = {
    hide_limb: "Rajagopal run trc",
    exchange_sides: "JA1 sprint trc",
    delete_columns: "JA1 sprint angles",
    surface: "JA1 sprint angles",
    other_order: "JA1 sprint trc",
}


@pytest.fixture(scope="module")
def sound(realdata, tmp_path_factory):
    """The sound studies and, by name, how they end."""
    folder = tmp_path_factory.mktemp("sound")
    studies = bases(realdata, folder)
    for study in studies.values():
        study.settings |= yaml.safe_load(ONE_EACH + NOTHING_HELD_OUT)
    names = sorted(set(CASES.values()))
    return studies, {name: outcome(studies[name].write(folder / name)) for name in names}


@pytest.mark.parametrize("alteration", CASES, ids=lambda one: one.__name__)
def test_nothing_is_silently_wrong(sound, tmp_path, alteration):
    studies, ends = sound
    name = CASES[alteration]
    study = studies[name].copy()
    planted = alteration(study, np.random.default_rng(12))
    told = judgement(ends[name], outcome(study.write(tmp_path / "altered")), planted)
    assert not told.wrong, (planted.what, told)


def test_the_sound_runs_have_steps(sound):
    for end in sound[1].values():
        assert not end.crash
        assert (end.steps["status"] == "ok").sum() >= 2


def test_draws_do_not_depend_on_their_number(sound):
    few, many = (draws(5, count, sound[0]) for count in (6, 12))
    assert [one.planted.what for one in few] == [one.planted.what for one in many[:6]]
    assert all(suits_its_base(one, sound[0]) for one in many)


def suits_its_base(drawn, studies) -> bool:
    from benchmarks.alterations import drawn as grammar

    [alteration] = [one for one in grammar.ALL if one.__name__ == drawn.kind]
    return suits(alteration, studies[drawn.base])
