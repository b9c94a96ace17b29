"""Remarks on the recordings of one person together: planted faults, and what stays unsaid."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from aqbio.config import Participant
from aqbio.prepare.people import of_people
from aqbio.prepare.session import Session, session_remarks
from aqbio.vectors import weighted_medians
from tests.planted_sessions import MASSES, MOVES_M, SCALES, planted

TRIALS = ("static", "run1", "run2", "run3")
PARTS = ("arm_left", "arm_right", "leg_left", "leg_right", "torso")
KG, MARKERS = 70.0, 5
SHEETS = ("participants.tsv", "trials.tsv")


def session(seed: int = 1) -> Session:
    """Lengths and masses with the scatter that people have."""
    rng = np.random.default_rng(seed)
    labels = {part: [f"{part}{number}" for number in range(MARKERS)] for part in PARTS}
    ends = [pair for part in PARTS for pair in combinations(labels[part], 2)]
    person = np.log(rng.uniform(0.15, 0.45, len(ends)))
    still = np.where(np.array(TRIALS) == "static", 0.006, 0.0015)[:, None]
    return Session(
        trials=TRIALS,
        speeds=np.array([0.0, 5.0, 5.5, 6.0]),
        lengths=np.exp(person + still * rng.normal(0.0, 1.0, (len(TRIALS), len(ends)))),
        ends=tuple(ends),
        parts=tuple(first[:-1] for first, _ in ends),
        masses=KG * np.exp(rng.normal(0.0, 0.003, len(TRIALS))),
        sheet_kg=KG,
    )


def remarks(recorded: Session, kept=(), **person):
    return session_remarks(recorded, Participant(participant_id="P1", **person), kept, SHEETS)


def only(recorded: Session, *trials: str) -> Session:
    rows = np.isin(recorded.trials, trials)
    return replace(
        recorded, trials=tuple(recorded.names(rows)), speeds=recorded.speeds[rows],
        lengths=recorded.lengths[rows], masses=recorded.masses[rows],
    )  # fmt: skip


CASES = [
    *(("markers-scale", trial, size) for trial in ("static", "run2") for size in SCALES),
    *(("marker-moved", trial, size) for trial in ("static", "run2") for size in MOVES_M),
    *(("mass-disagreement", trial, size) for trial in ("", "static", "run2") for size in MASSES),
    *(("another-person", trial, float("nan")) for trial in ("static", "run2")),
]


@pytest.mark.parametrize(("rule", "trial", "size"), CASES)
def test_a_planted_fault_is_one_remark_that_names_trial_sizes_and_cell(rule, trial, size):
    recorded = planted(session(), rule, trial, size, np.random.default_rng(3))
    [remark] = remarks(recorded)
    assert (remark.trial, remark.severity) == (trial, "warning")
    if (rule, trial) == ("another-person", "static"):  # markers and people differ alike there
        assert "another person was recorded" in remark.what
    else:
        assert remark.rule == rule
    assert remark.invalidates == ""
    assert f"{remark.number:.4g}" != "nan"
    assert np.isfinite([remark.number, remark.limit]).all()
    assert "column" in remark.where
    assert "column" in remark.fix
    assert not {"", "or"} & {*remark.what.split(" ")[-1:]}


@pytest.mark.parametrize(("rule", "trial", "size"), [x for x in CASES if x[1]])
def test_the_cell_that_a_remark_names_settles_it(rule, trial, size):
    recorded = planted(session(), rule, trial, size, np.random.default_rng(3))
    [remark] = remarks(recorded, kept=[trial])
    assert (remark.severity, remark.fix) == ("info", "")


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("stated", [True, False])
def test_nothing_is_said_of_a_sound_session(seed, stated):
    assert not remarks(replace(session(seed), sheet_kg=KG if stated else np.nan))


@pytest.mark.parametrize("per_cent", [-8, -6, -4, -2, 2, 4, 6, 8])
def test_a_mass_that_laboratories_differ_by_is_no_remark(per_cent):
    """Plates weigh up to 6.3 % less than the sheet of twenty sound runners."""
    recorded = replace(session(), masses=np.full(4, KG), sheet_kg=KG * (1.0 + 0.999e-2 * per_cent))
    assert not remarks(recorded)


@pytest.mark.parametrize(
    ("sheet", "plates", "words"),
    [
        (
            160.6,
            72.8,
            "160.6 kg, the plates weigh 72.8 kg: the sheet differs by +120.6%, as pounds",
        ),
        (55.0, 70.0, "55.0 kg, the plates weigh 70.0 kg: the sheet differs by -21.4% ("),
    ],
)
def test_a_mistyped_mass_is_said_with_both_masses_and_used(sheet, plates, words):
    recorded = replace(session(), masses=np.full(4, plates), sheet_kg=sheet)
    [remark] = remarks(recorded)
    assert words in remark.what
    assert remark.what.endswith("The mass of the sheet is used.")
    assert f"write {plates:.1f} into column mass_kg" in remark.fix
    assert not remarks(replace(recorded, sheet_kg=round(plates, 1)))
    [confirmed] = remarks(recorded, mass_kg=sheet, mass_confirmed="yes")
    assert (confirmed.severity, confirmed.fix) == ("info", "")


@pytest.mark.parametrize("masses", [np.full(4, np.nan), np.array([np.nan, KG, np.nan, np.nan])])
def test_plates_that_weigh_nobody_contradict_nothing(masses):
    assert not remarks(replace(session(), masses=masses))
    assert (
        len(remarks(replace(session(), masses=masses, sheet_kg=160.0))) == np.isfinite(masses).any()
    )


@pytest.mark.parametrize("trial", ["static", "run1"])
@pytest.mark.parametrize("times", [0.8, 1.2])
def test_of_two_recordings_the_sheet_tells_whose_plates_are_off(trial, times):
    recorded = only(session(), "static", "run1")
    masses = np.where(np.array(recorded.trials) == trial, times, 1.0) * KG
    [remark] = remarks(replace(recorded, masses=masses))
    assert (remark.rule, remark.trial) == ("mass-disagreement", trial)


def test_of_two_recordings_one_remark_names_both():
    for rule, size in (("another-person", np.nan), ("markers-scale", 0.1), ("marker-moved", 0.08)):
        recorded = planted(session(), rule, "static", size, np.random.default_rng(4))
        [remark] = remarks(only(recorded, "static", "run1"))
        assert remark.rule == rule or rule == "another-person"
        assert {"static", "run1"} <= {*remark.what.replace(":", "").replace(",", "").split()}


def test_two_recordings_of_two_people_each_are_said_once_each():
    recorded = session()
    other = planted(recorded, "another-person", "run2", np.nan, np.random.default_rng(4))
    ratio = (other.lengths / recorded.lengths)[2]
    lengths = recorded.lengths * np.where(np.isin(TRIALS, ("run2", "run3"))[:, None], ratio, 1.0)
    found = remarks(replace(recorded, lengths=lengths))
    assert [x.trial for x in found] in (["run2", "run3"], ["static", "run1"])


@pytest.mark.parametrize("size", [0.004, 0.008, 0.012, 0.016])
@pytest.mark.parametrize("seed", range(3))
def test_static_markers_that_all_lie_elsewhere_are_one_remark_at_most(size, seed):
    recorded, rng = session(seed), np.random.default_rng(seed)
    move = {label: rng.normal(0.0, size / np.sqrt(3.0)) for pair in recorded.ends for label in pair}
    lengths = recorded.lengths.copy()
    lengths[0] += [move[first] - move[second] for first, second in recorded.ends]
    assert len(remarks(replace(recorded, lengths=lengths))) <= 1


def test_a_trunk_that_bends_on_the_spot_is_nobody_elses():
    """As in rising from a chair: only among runs are a trunk's lengths alike to 3 mm in a metre."""
    recorded = session()
    bent = np.outer(np.array(TRIALS) == "run2", np.array(recorded.parts) == "torso")
    lengths = recorded.lengths * np.exp(0.033 * bent)
    assert remarks(replace(recorded, lengths=lengths))
    slow = np.where(np.array(TRIALS) == "run2", 0.1, recorded.speeds)
    assert not remarks(replace(recorded, lengths=lengths, speeds=slow))


def test_usual_sizes_change_steadily_from_standing_to_a_walk():
    recorded, sizes = session(), []
    run, others = np.arange(4) == 2, np.arange(4) != 2
    for speed in np.arange(0.0, 1.2, 0.01):
        moved = replace(recorded, speeds=np.where(run, speed, recorded.speeds))
        sizes.append(moved.usual("length of trunk", run, others))
    assert np.abs(np.diff(np.log(sizes))).max() < 0.03
    ends = (of_people(f"length of trunk, {how}").error for how in ("standing", "moving"))
    assert (sizes[0], sizes[-1]) == pytest.approx((*ends,))


def test_a_recording_without_common_markers_is_compared_with_none():
    recorded = session()
    lengths = np.where(np.array(TRIALS)[:, None] == "run2", np.nan, recorded.lengths)
    assert not remarks(replace(recorded, lengths=lengths))


def test_weighted_medians_count_what_is_heavy():
    """What weighs nothing does not count; of equal weights they are medians."""
    values = np.random.default_rng(1).normal(size=(5, 7))
    values[1, 2] = np.nan
    equal = weighted_medians(values, np.ones(5))
    np.testing.assert_array_equal(equal, np.nanmedian(values, axis=0))
    heavy = weighted_medians(values, np.array([1e-9, 1e-9, 1.0, 1.0, 1.0]))
    np.testing.assert_allclose(heavy, np.median(values[2:], axis=0), atol=1e-6)
    assert np.isnan(weighted_medians(np.full((2, 1), np.nan), np.array([1.0, 2.0]))).all()
