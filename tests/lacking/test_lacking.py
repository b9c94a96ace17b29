"""Nothing that a recording may lack makes a wrong number, a false cause or an internal error.

The rest of what is taken away, and the fit: ``make lacking``.
"""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from aqbio.intake.check import study_problems
from tests.foretold import contradictions
from tests.golden import differences
from tests.lacking.alterations import ALTERATIONS, PARTS, Alteration, drawn_pairs, hidden, part_of
from tests.lacking.judged import verdict
from tests.lacking.outcome import MARKERS, Outcome, outcome, written
from tests.lacking.recordings import ja1, virtual
from tests.one_each import ONE_EACH

SETTINGS = yaml.safe_load(ONE_EACH) | {
    "consistency": {"enabled": False},
    "contributions": {"draws": 16},
}
"""Without the fit and with few draws: three seconds a study."""

MASKED = ("left arm", "both arms", "trunk", "all but pelvis and legs", "plates")
REFUSED = ("left foot", "sacrum", "every run", "all but the first 0.3 s")
OTHERS = ("all plates but one", "static trial")

LENGTH = 1.1
"""Of the run: three whole steps, s."""

DRAWN = 20261
"""Seed of one more part, and of two at once."""


def _drawn() -> dict[str, Alteration]:
    """A part, and two at once, that nobody chose."""
    rest = sorted(set(PARTS) - {*MASKED, *REFUSED})
    one = str(np.random.default_rng(DRAWN).choice(rest))
    return {one: ALTERATIONS[one]} | drawn_pairs(DRAWN, 1)


CASES = {name: ALTERATIONS[name] for name in (*MASKED, *REFUSED, *OTHERS)} | _drawn()


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound")
    recordings = virtual(3).of_moving(lambda take: part_of(take, 0.0, LENGTH))
    return folder, recordings, outcome(folder, recordings, SETTINGS)


def test_the_unaltered_recordings_have_steps(sound):
    *_, found = sound
    assert not found.broken
    assert (found.steps["status"] == "ok").sum() >= 2
    lines = [text for _, text in found.said]
    assert not contradictions(lines, found.steps, found.rows)
    assert any("the push side, the swing side, the whole body" in line for line in lines)


@pytest.mark.parametrize("name", CASES)
def test_what_is_lacking_is_masked_or_named(sound, tmp_path, name):
    _, recordings, before = sound
    lacking = CASES[name].lacking(recordings)
    after = outcome(tmp_path, lacking, SETTINGS)
    found = verdict(before, after, CASES[name], hidden(recordings, lacking))
    assert not found.red, found
    if len(after.steps):
        assert not contradictions([text for _, text in after.said], after.steps, after.rows)
    assert (found.kind == "refused") >= (name in REFUSED), found
    assert (found.kind == "masked") >= (name in MASKED), found
    lines = [line.replace(str(tmp_path), "") for line in after.lines()]
    assert differences(f"lacking/{name.replace(' ', '_')}", lines) == []


OF_JA1 = {
    "both arms": "masked",
    "trunk and shoulders": "masked",
    "epicondyles and malleoli": "right",
    "static trial": "right",
}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory, realdata):
    recordings = ja1(realdata)
    return recordings, outcome(tmp_path_factory.mktemp("recorded"), recordings, SETTINGS)


@pytest.mark.real
@pytest.mark.opensim
@pytest.mark.parametrize("name", OF_JA1)
def test_what_a_recorded_athlete_lacks_is_masked_or_harmless(recorded, tmp_path, name):
    recordings, before = recorded
    lacking = ALTERATIONS[name].lacking(recordings)
    after = outcome(tmp_path, lacking, SETTINGS)
    found = verdict(before, after, ALTERATIONS[name], hidden(recordings, lacking))
    assert found.kind == OF_JA1[name], found


RULES = {"every run": "runs-none", "all but the first 0.3 s": "no-whole-contact"}


@pytest.mark.parametrize("name", RULES)
def test_check_says_what_leaves_no_step(sound, tmp_path, name):
    _, recordings, _ = sound
    file = written(tmp_path, ALTERATIONS[name].lacking(recordings), SETTINGS, Outcome())
    assert RULES[name] in {one.rule for one in study_problems(file)}


@pytest.mark.parametrize("name", ["both forearms", "left foot"])
def test_a_marker_set_may_list_what_is_not_worn(sound, tmp_path, name):
    folder, recordings, before = sound
    lacking = ALTERATIONS[name].lacking(recordings)
    after = outcome(tmp_path, lacking, SETTINGS, folder / "study" / MARKERS)
    found = verdict(before, after, ALTERATIONS[name], hidden(recordings, lacking))
    assert not found.red, found
