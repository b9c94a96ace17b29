"""The judge itself: what differs without a word is called silent, and nothing else is."""

from __future__ import annotations

import pandas as pd
import pytest

from benchmarks.alterations.judged import MOMENTUM, judgement
from benchmarks.alterations.planted import Planted, together
from benchmarks.alterations.runs import Outcome, Said

ARMS_GONE = Planted("arms hidden", (together("arm", "missing|not seen"),), gone=("arms",))
NAMED = Said("solve", "warning", "parts-unseen · the arms are not seen by markers.")
FALSE = Said("solve", "warning", "force-delay · the forces are 13 ms late.")


def _steps(**changed: float | str) -> pd.DataFrame:
    """Two steps; cells of the second one are changed."""
    rows = [
        {
            "trial_id": "run", "step": number + 1, "side": side, "status": "ok",
            "touchdown_fitted_s": 0.2 + 0.22 * number, "toe_off_fitted_s": 0.3 + 0.22 * number,
            "next_touchdown_fitted_s": 0.42 + 0.22 * number, "speed_mps": 9.0,
            "H_arms_y_stance_mean_kgm2ps": 6.0, "H_arms_y_stance_mean_motion_sd_kgm2ps": 0.2,
        }
        for number, side in enumerate(("left", "right"))
    ]  # fmt: skip
    rows[1] |= changed
    return pd.DataFrame(rows)


def _verdict(
    steps: pd.DataFrame, *said: Said, planted: Planted = ARMS_GONE, crash: str = ""
) -> str:
    return judgement(Outcome(_steps(), ()), Outcome(steps, said, crash), planted).verdict


def test_the_same_run_is_right():
    assert _verdict(_steps()) == "right"
    assert _verdict(_steps(), NAMED, FALSE) == "right"


@pytest.mark.parametrize(
    "changed",
    [
        {"H_arms_y_stance_mean_kgm2ps": 7.0},
        {"side": "left"},
        {"touchdown_fitted_s": 0.431},
        {"toe_off_fitted_s": 0.509},
        {"speed_mps": 9.4},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_planted_silent_error_is_called_silent(changed):
    assert _verdict(_steps(**changed)) == "silent"
    assert _verdict(_steps(**changed), FALSE) == "false reason"
    quiet = Said("solve", "info", NAMED.text)
    assert _verdict(_steps(**changed), quiet) == "silent"  # information warns nobody


def test_two_combined_deviations_are_the_limit():
    """Both runs state 0.2: their difference 0.283, twice of it 0.566."""
    assert _verdict(_steps(H_arms_y_stance_mean_kgm2ps=6.56)) == "right"
    assert _verdict(_steps(H_arms_y_stance_mean_kgm2ps=6.57)) == "silent"


def test_without_deviations_a_tenth_is_the_limit():
    column = "H_arms_y_stance_mean_motion_sd_kgm2ps"
    sound = Outcome(_steps().drop(columns=column), ())
    for change, verdict in ((0.99 * MOMENTUM, "right"), (1.01 * MOMENTUM, "silent")):
        steps = _steps(H_arms_y_stance_mean_kgm2ps=6.0 + change).drop(columns=column)
        assert judgement(sound, Outcome(steps, ()), ARMS_GONE).verdict == verdict


def test_events_are_held_to_10_ms_on_the_clock_that_was_cut():
    later = _steps(touchdown_fitted_s=0.4299, toe_off_fitted_s=0.5299)
    assert _verdict(later) == "right"
    cut = _steps()
    cut[["touchdown_fitted_s", "toe_off_fitted_s", "next_touchdown_fitted_s"]] -= 0.5
    planted = Planted("cut", shifts=(0.5,))
    assert _verdict(cut, planted=planted) == "right"
    assert _verdict(cut, planted=Planted("cut")) == "silent"


def test_what_was_not_recorded_may_be_missing_but_no_other_number():
    missing = _steps(H_arms_y_stance_mean_kgm2ps=float("nan"))
    assert _verdict(missing, NAMED) == "masked"
    assert _verdict(missing) == "silent"
    assert _verdict(missing, FALSE) == "false reason"
    other = _steps(H_arms_y_stance_mean_kgm2ps=1.0)
    assert _verdict(other, NAMED) == "computed"
    legs = Planted("hidden", ARMS_GONE.names, gone=("push_leg",))
    assert _verdict(other, NAMED, planted=legs) == "named"


def test_refused_needs_the_cause_and_check_must_have_told():
    nothing = pd.DataFrame()
    assert _verdict(nothing, FALSE) == "false reason"
    assert _verdict(nothing, NAMED) == "refused"
    foreseen = Planted("hidden", ARMS_GONE.names, foreseen=True)
    sound = Outcome(_steps(), ())
    late = judgement(sound, Outcome(nothing, (NAMED,)), foreseen)
    assert late.late
    assert late.wrong
    told = Said("check", "error", NAMED.text)
    assert not judgement(sound, Outcome(nothing, (told, NAMED)), foreseen).late


def test_what_the_sound_run_says_too_names_nothing():
    sound = Outcome(_steps(), (NAMED,))
    other = _steps(H_arms_y_stance_mean_kgm2ps=1.0)
    assert (
        judgement(sound, Outcome(other, (NAMED,)), Planted("x", ARMS_GONE.names)).verdict
        == "silent"
    )
    more = Said("solve", "warning", "parts-unseen · the arms are not seen in 90 frames.")
    few = Said("solve", "warning", "parts-unseen · the arms are not seen in 3 frames.")
    again = judgement(
        Outcome(_steps(), (few,)), Outcome(other, (more,)), Planted("x", ARMS_GONE.names)
    )
    assert again.verdict == "named"


def test_a_reason_counts_for_its_own_step_only():
    text = "no later contact: nothing was missing of the arm"
    sound = Outcome(_steps(), (Said("steps.tsv", "warning", text, 0.42),))
    nothing = pd.DataFrame()
    same = Outcome(nothing, (Said("steps.tsv", "warning", text, 0.42),))
    other = Outcome(nothing, (Said("steps.tsv", "warning", text, 0.2),))
    assert judgement(sound, same, ARMS_GONE).verdict == "silent"
    assert judgement(sound, other, ARMS_GONE).verdict == "refused"


def test_steps_beyond_a_cut_are_not_expected():
    first = _steps().iloc[:1]
    assert _verdict(first, planted=Planted("cut", window=(0.0, 0.5))) == "right"
    assert _verdict(first, planted=Planted("cut", window=(0.0, 0.7))) == "silent"


def test_harmless_alterations_must_change_nothing():
    harmless = Planted("other order", harmless=True)
    assert _verdict(_steps(), planted=harmless) == "right"
    assert _verdict(_steps(speed_mps=8.0), NAMED, planted=harmless) == "false alarm"


def test_a_traceback_is_a_crash_whatever_is_said():
    assert _verdict(pd.DataFrame(), NAMED, crash="ValueError: shapes") == "crash"


def test_a_step_from_nowhere_is_a_difference():
    more = pd.concat([_steps(), _steps().assign(touchdown_fitted_s=1.5, toe_off_fitted_s=1.6)])
    assert _verdict(more) == "silent"
