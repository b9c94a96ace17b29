"""Nothing that a recording may lack makes a wrong number, a false cause or an internal error.

The rest of what is taken away, and the fit: ``make lacking``.
"""

from __future__ import annotations

import pytest

from aqbio.intake.check import study_problems
from tests.golden import differences
from tests.lacking.alterations import ALTERATIONS, drawn_pairs, hidden
from tests.lacking.drawn import read
from tests.lacking.judged import verdict
from tests.lacking.outcome import MARKERS, Outcome, outcome, written
from tests.lacking.recordings import ja1
from tests.lacking.shared import SETTINGS, altered_study, sound_study
from tests.promises import contradictions

pytestmark = pytest.mark.whole

MASKED = ("left arm", "trunk", "plates")
REFUSED = ("left foot", "sacrum", "every run", "all but the first 0.3 s")
OTHER_CASES = ("all plates but one", "static trial")

PAIRS_SEED = 20261
"""Seed of two parts at once, which nobody chose."""

CASES = {name: ALTERATIONS[name] for name in (*MASKED, *REFUSED, *OTHER_CASES)} | drawn_pairs(
    PAIRS_SEED, 1
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory, worker_id):
    return sound_study(tmp_path_factory, worker_id)


def test_the_unaltered_recordings_have_steps(sound):
    result = sound.outcome
    assert not result.broken
    assert (result.steps["status"] == "ok").sum() >= 2
    lines = [text for _, text in result.sentences]
    assert not contradictions(lines, result.steps, result.rows)
    assert any("the push side, the swing side, the whole body" in line for line in lines)


SAID_OF_ALL = (
    "info: What comes of it",
    "info: /data",
    "info: model: sprint, map: sprint",
    "info: Participants",
    "info: Trials",
    "info: Labels",
    "info: Please fill in",
    "info: participants.tsv, S01, sex: female or male (needed)",
    "info: participants.tsv, S01, height_m: if you know it",
    "info: Then: aqbio check /study, and aqbio run /study",
)
"""What is said whatever is lacking: golden text has the rest."""


@pytest.mark.parametrize("name", CASES)
def test_what_is_lacking_is_masked_or_named(sound, tmp_path_factory, worker_id, name):
    altered = altered_study(tmp_path_factory, worker_id, name, CASES[name])
    after, labels = altered.outcome, hidden(sound.recordings, altered.recordings)
    judged = verdict(sound.outcome, after, CASES[name], labels)
    assert not judged.red, judged
    if len(after.steps):
        assert not contradictions([text for _, text in after.sentences], after.steps, after.rows)
    assert (judged.kind == "refused") >= (name in REFUSED), judged
    assert (judged.kind == "masked") >= (name in MASKED), judged
    lines = [line.replace(str(altered.folder), "") for line in after.lines()]
    assert set(SAID_OF_ALL) <= set(lines)
    lines = [line for line in lines if line not in SAID_OF_ALL]
    assert differences(f"lacking/{name.replace(' ', '_')}", lines) == []


HARMLESS = "calibration_only(part='medial markers')"
"""Of those that are drawn (`tests.lacking.drawn`): the rest by ``make lacking``."""


def test_what_harms_nothing_changes_nothing(sound, tmp_path):
    altered = read(HARMLESS)
    after = outcome(tmp_path, altered.lacking(sound.recordings), SETTINGS)
    judged = verdict(sound.outcome, after, altered, altered.labels(sound.recordings))
    assert judged.kind == "right", judged


OF_JA1 = {"both arms": "masked", "epicondyles and malleoli": "right"}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory, realdata):
    recordings = ja1(realdata, "sprint")
    return recordings, outcome(tmp_path_factory.mktemp("recorded"), recordings, SETTINGS)


@pytest.mark.real
@pytest.mark.opensim
@pytest.mark.parametrize("name", OF_JA1)
def test_what_a_recorded_athlete_lacks_is_masked_or_harmless(recorded, tmp_path, name):
    recordings, before = recorded
    lacking = ALTERATIONS[name].lacking(recordings)
    after = outcome(tmp_path, lacking, SETTINGS)
    judged = verdict(before, after, ALTERATIONS[name], hidden(recordings, lacking))
    assert judged.kind == OF_JA1[name], judged


RULES = {"every run": "runs-none", "all but the first 0.3 s": "no-whole-contact"}


@pytest.mark.parametrize("name", RULES)
def test_check_says_what_leaves_no_step(sound, tmp_path, name):
    lacking = ALTERATIONS[name].lacking(sound.recordings)
    file = written(tmp_path, lacking, SETTINGS, Outcome())
    assert RULES[name] in {problem.rule for problem in study_problems(file)}


def test_a_marker_set_may_list_what_is_not_worn(sound, tmp_path):
    name = "both forearms"
    lacking = ALTERATIONS[name].lacking(sound.recordings)
    after = outcome(tmp_path, lacking, SETTINGS, sound.folder / "study" / MARKERS)
    labels = hidden(sound.recordings, lacking)
    judged = verdict(sound.outcome, after, ALTERATIONS[name], labels)
    assert not judged.red, judged
