"""Faults of a session: what undoes them, and the search that tells them apart."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from aqbio.config import Participant
from aqbio.prepare.evidence_words import worst_words
from aqbio.prepare.explanations import ALL, improbability, people_scales, search
from aqbio.prepare.session import Distances, Places, Session
from aqbio.prepare.session_faults import (
    LIMB,
    PLATE,
    ROWS,
    SESSION_FAULTS,
    SHEET,
    scopes_of,
    session_candidates,
)
from aqbio.prepare.session_search import explained_session
from aqbio.vectors import weighted_medians
from tests.planted_sessions import planted

TRIALS = ("static", "run1", "run2", "run3")
PARTS = ("arm_left", "arm_right", "leg_left", "leg_right", "torso")
PAIRS, PLATES, KG, STATURE_M = 8, 5, 70.0, 1.75
SHEETS = ("participants.tsv", "trials.tsv")


def session(seed: int = 1) -> Session:
    """Lengths, masses and places with the scatter that people have; two steps on a plate."""
    rng = np.random.default_rng(seed)
    static = np.array([True, False, False, False])
    person = np.log(rng.uniform(0.15, 0.45, PAIRS * len(PARTS)))
    still = np.where(static, 0.006, 0.0015)[:, None]
    logs = person + still * rng.normal(0.0, 1.0, (len(TRIALS), len(person)))
    trial, plate = (x.ravel() for x in np.meshgrid([1, 2, 3], np.arange(1, PLATES + 1)))
    right = 1.0 - 2.0 * (plate % 2)
    place = rng.normal((0.014, -0.01), 0.004, (len(trial), 2))
    return Session(
        trials=TRIALS,
        distances=Distances(
            static, 5.5 * ~static, logs, np.repeat(np.arange(len(PARTS)), PAIRS), PARTS,
            np.zeros((len(TRIALS), len(PARTS)), np.bool_),
        ),
        statures=STATURE_M * np.exp(rng.normal(0.0, 0.01, len(TRIALS))),
        masses=KG * np.exp(rng.normal(0.0, 0.003, len(TRIALS))),
        peaks=np.array([np.nan, 2000.0, 2100.0, 2050.0]),
        places=Places(
            trial, plate, right, place, np.stack([2.0 * plate, 0.1 * right], axis=1),
            np.array([np.nan, 5.0, 5.5, 6.0]),
        ),
        sheet_kg=KG,
        sheet_m=STATURE_M,
    )  # fmt: skip


SIZES = {
    "mass-typed": (0.06, -0.2, 0.7), "plates-gain": (0.08, -0.2, 0.7),
    "stature-typed": (0.12, -0.2, 0.4), "markers-scale": (0.03, -0.05, 0.1),
    "plate-along": (0.05, -0.08, 0.15), "plate-across": (0.06, -0.08, 0.15),
    "plates-along": (0.06, -0.08, 0.15), "plates-across": (0.03, -0.06, 0.15),
}  # fmt: skip
"""Sizes beyond those that laboratories have, far enough to show in three runs."""

SCOPES = {
    SHEET: "sheet", LIMB: "left leg of run2", PLATE: "plate 3",
    "file": "plate 3 of run2", "recording": "run2",
}  # fmt: skip

CASES = [
    (fault, size)
    for fault in SESSION_FAULTS
    for size in SIZES.get(fault.name, (np.nan,) * (1 if fault.name == "mass-pounds" else 3))
    if fault.scope != "file" or abs(size) > 0.1
]


def where(fault, recorded: Session):
    """A place that a fault is planted at, with its words."""
    words = SCOPES[fault.scope]
    return words, next(x for name, x, _ in scopes_of(fault, recorded) if name == words)


def explained(recorded: Session, kept=(), **person):
    return explained_session(recorded, Participant(participant_id="P1", **person), kept, SHEETS)


@pytest.mark.parametrize(("fault", "size"), [case for case in CASES if case[0].sizes])
def test_a_fault_that_is_undone_leaves_the_session_as_it_was(fault, size):
    sound = session()
    _, place = where(fault, sound)
    undone = fault.undo(planted(fault, sound, place, size, np.random.default_rng(2)), place, size)
    np.testing.assert_allclose(undone.distances.logs, sound.distances.logs, atol=1e-12)
    np.testing.assert_allclose(undone.places.place, sound.places.place, atol=1e-12)
    np.testing.assert_allclose(undone.masses, sound.masses)
    assert (undone.sheet_kg, undone.sheet_m) == pytest.approx((sound.sheet_kg, sound.sheet_m))


@pytest.mark.parametrize(("fault", "size"), CASES)
def test_a_planted_fault_is_named_and_no_other(fault, size):
    sound = session()
    words, place = where(fault, sound)
    recorded = planted(fault, sound, place, size, np.random.default_rng(3))
    scales = recorded.scales(recorded.disagreements())
    best = search(recorded, Session.disagreements, session_candidates, scales)[0]
    assert best.faults == {f"{fault.name} {words}"}
    if np.isfinite(size):
        [suspect] = [x for x in best.suspects if not x.is_usual]
        assert suspect.size == pytest.approx(size, abs=0.15 * abs(size) + 0.01)


def test_of_two_recordings_the_one_whose_markers_are_too_large_is_named():
    """Lengths differ in the static trial; its stature tells that it is the other one."""
    whole = session()
    two = np.isin(np.arange(len(TRIALS)), (0, 1))
    distances = whole.distances
    sound = replace(
        whole, trials=TRIALS[:2], statures=whole.statures[two], masses=whole.masses[two],
        peaks=whole.peaks[two],
        places=replace(
            whole.places, speeds=whole.places.speeds[two],
            **{
                name: getattr(whole.places, name)[whole.places.trial == 1]
                for name in ("trial", "plate", "right", "place", "toes")
            },
        ),
        distances=replace(
            distances, static=distances.static[two], logs=distances.logs[two],
            apart=distances.apart[two], speeds=distances.speeds[two],
        ),
    )  # fmt: skip
    for words in TRIALS[:2]:
        place = next(x for name, x, _ in scopes_of(ROWS["markers-scale"], sound) if name == words)
        rng = np.random.default_rng(3)
        recorded = planted(ROWS["markers-scale"], sound, place, 0.1, rng)
        scales = recorded.scales(recorded.disagreements())
        best, *_ = search(recorded, Session.disagreements, session_candidates, scales)
        assert best.faults == {f"markers-scale {words}"}


def test_plates_that_all_lie_elsewhere_across_are_one_fault():
    """Feet of one side press outwards on them, those of the other inwards."""
    sound, fault = session(), ROWS["plates-across"]
    place = next(x for name, x, _ in scopes_of(fault, sound) if name == ALL)
    recorded = planted(fault, sound, place, 0.05, np.random.default_rng(3))
    [finding] = explained(recorded).findings
    assert finding.rule == "plate-misplaced"
    [away] = re.findall(r"the plates of all recordings lie (\d+) ", finding.what)
    assert float(away) == pytest.approx(50.0, abs=5.0)


@pytest.mark.parametrize("size", [0.025, -0.025])
def test_displacements_that_laboratories_have_are_errors_of_the_places(size):
    """Nothing is named, and the places of the plates are no surer than that."""
    recorded, fault = session(), ROWS["plates-across"]
    place = next(x for name, x, _ in scopes_of(fault, recorded) if name == "run1")
    result = explained(planted(fault, recorded, place, size, np.random.default_rng(3)))
    assert not result.findings
    assert result.place_errors["run1"] == pytest.approx(abs(size), abs=0.005)
    assert max(result.place_errors[x] for x in TRIALS if x != "run1") < 0.002


@pytest.mark.parametrize("seed", range(5))
def test_no_place_is_doubted_in_a_sound_session(seed):
    assert max(explained(session(seed)).place_errors.values()) < 0.001


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_wrong_with_a_sound_session(seed):
    """Whether the sheet says mass and stature or not."""
    for changed in ({}, {"sheet_kg": np.nan}, {"sheet_m": np.nan}):
        result = explained(replace(session(seed), **changed))
        assert not result.findings
        assert not result.left_out
        [row] = result.considered
        assert (row.explanation, row.verdict) == ("sound", "accepted")


@pytest.mark.parametrize("stated", [True, False])
@pytest.mark.parametrize(("trial", "times"), [("run2", 10.0), ("run2", 3.48), ("static", 1000.0)])
def test_forces_that_other_recordings_contradict_do_not_weigh_the_person(stated, trial, times):
    """Too large: the finding says so, and that is not the body mass; no two people differ so."""
    sound = session()
    factors = np.where(np.array(TRIALS) == trial, times, 1.0)
    recorded = replace(sound, masses=sound.masses * factors, peaks=sound.peaks * factors)
    if not stated:
        recorded = replace(recorded, sheet_kg=np.nan)
    result = explained(recorded)
    [finding] = result.findings
    assert finding.rule == "mass-disagreement"
    assert result.unweighed == {trial}
    [stated_times] = re.findall(r"are ([\d.]+) times too large", finding.what)
    assert float(stated_times) == pytest.approx(times, rel=0.03)
    assert finding.what.endswith("It is used as it is." if stated else "weigh the person.")
    assert explained(sound).unweighed == frozenset()


def of_another_person(*trials: str) -> Session:
    recorded = session()
    fault = ROWS["another-person"]
    chosen = np.isin(TRIALS, trials)
    place = next(x for _, x, _ in scopes_of(fault, recorded))
    return planted(fault, recorded, replace(place, trials=chosen), np.nan, np.random.default_rng(4))


def test_a_recording_of_another_person_is_left_out():
    """And the others are kept; unless the sheet says that it is right."""
    recorded = of_another_person("static")
    result = explained(recorded)
    assert not result.findings
    [finding] = result.left_out.values()
    assert (finding.rule, finding.trial, finding.severity) == ("another-person", "static", "error")
    assert "It is left out." in finding.what
    assert "static" not in explained(recorded, kept=("static",)).left_out


def odds_of_another_person(recorded: Session, trial: str) -> float:
    """Logarithm of how much more probable it is that a recording is another person's."""
    [candidate] = [
        x for x in session_candidates(recorded) if (x.fault, x.scope) == ("another-person", trial)
    ]
    before, after = recorded.disagreements(), candidate.undo(recorded, np.nan).disagreements()
    scales = recorded.scales(before)
    return improbability(before, scales) - improbability(after, scales) - candidate.rarity


def test_how_the_others_agree_says_nothing_of_whose_a_recording_is():
    """Only how far it is from their middle does: without any recording the rest agree better."""
    recorded, odds = session(), []
    for apart in (0.0, 0.001, 0.003):
        lengths = recorded.distances.logs[0] + np.array([[0.0], [-apart], [apart], [0.004]])
        distances = replace(recorded.distances, logs=lengths)
        odds.append(odds_of_another_person(replace(recorded, distances=distances), "run3"))
    assert odds == pytest.approx(odds[:1] * 3)
    assert odds[0] < -3.0


def test_a_trunk_that_bends_on_the_spot_is_nobody_elses_and_another_person_there_is():
    """As in rising from a chair: only among runs are a trunk's lengths alike to 3 mm in a metre."""
    trunk = np.array([x == "torso" for x in PARTS])
    for recorded, is_foreign in ((session(), False), (of_another_person("run2"), True)):
        distances, on_the_spot = recorded.distances, np.array(TRIALS) == "run2"
        bent = distances.logs + 0.033 * np.outer(on_the_spot, trunk[distances.part])
        distances = replace(
            distances, logs=bent, speeds=np.where(on_the_spot, 0.1, distances.speeds)
        )
        sizes = replace(recorded, distances=distances).disagreements()
        assert "length trunk of run2" in sizes
        assert "length trunk of run3" in sizes
        result = explained(replace(recorded, distances=distances))
        assert {*result.left_out} == ({"run2"} if is_foreign else set())
        assert not result.findings


def test_lengths_at_no_speed_jump_where_a_limit_was():
    """From standing to a walk one recording comes to count, and its scale to be that of runs."""
    recorded, names = session(), ("length trunk of run2", "placing trunk of static")
    speeds, costs, distances = np.arange(0.005, 1.2, 0.005), [], recorded.distances
    bent = np.outer(np.array(TRIALS) == "run2", distances.part == PARTS.index("torso"))
    distances = replace(distances, logs=distances.logs + 0.02 * bent)
    for speed in speeds:
        moved = np.where(np.array(TRIALS) == "run2", speed, distances.speeds)
        slow = replace(recorded, distances=replace(distances, speeds=moved))
        sizes = slow.disagreements()
        costs.append([improbability({x: sizes[x]}, slow.scales([x])) for x in names])
    changes = np.abs(np.diff(costs, axis=0))
    assert changes.max() < 0.1
    assert np.ptp(costs, axis=0).max() > 2.0


def test_weighted_medians_count_what_is_heavy():
    """What weighs nothing does not count; of equal weights they are medians."""
    values = np.random.default_rng(1).normal(size=(5, 7))
    values[1, 2] = np.nan
    equal = weighted_medians(values, np.ones(5))
    np.testing.assert_array_equal(equal, np.nanmedian(values, axis=0))
    heavy = weighted_medians(values, np.array([1e-9, 1e-9, 1.0, 1.0, 1.0]))
    np.testing.assert_allclose(heavy, np.median(values[2:], axis=0), atol=1e-6)
    assert np.isnan(weighted_medians(np.full((2, 1), np.nan), np.array([1.0, 2.0]))).all()


def test_of_two_recordings_it_is_not_decided_whose_is_wrong():
    recorded = of_another_person("static")
    larger = recorded.distances.logs + np.where(np.arange(len(TRIALS)) == 0, 0.08, 0.0)[:, None]
    recorded = replace(recorded, distances=replace(recorded.distances, logs=larger))
    pair = np.array([True, True, False, False])
    distances, places = recorded.distances, recorded.places
    none = np.zeros(len(places.trial), np.bool_)
    two = replace(
        recorded, trials=TRIALS[:2], statures=recorded.statures[pair],
        distances=replace(
            distances, static=distances.static[pair], speeds=distances.speeds[pair],
            logs=distances.logs[pair], apart=distances.apart[pair],
        ),
        masses=np.full(2, np.nan), peaks=recorded.peaks[pair], sheet_kg=np.nan,
        places=Places(
            places.trial[none], places.plate[none], places.right[none], places.place[none],
            places.toes[none], places.speeds[pair],
        ),
    )  # fmt: skip
    result = explained(two)
    [finding] = result.findings
    assert (finding.rule, finding.severity) == ("another-person", "error")
    assert {"near"} == {x.verdict for x in result.considered if x.fault == "another-person"}
    assert "static is of another person" in finding.what
    assert "run1 is of another person" in finding.what


@pytest.mark.parametrize("typed", [72.8, 67.5])
def test_a_mistyped_mass_stops_nobody(typed):
    """A static trial may be another person's then, too, whose legs are 2.6 % longer."""
    recorded, static = session(), np.arange(len(TRIALS)) == 0
    longer = recorded.distances.logs + 0.026 * np.outer(static, recorded.distances.part >= 2)
    recorded = replace(
        recorded, distances=replace(recorded.distances, logs=longer), sheet_kg=typed,
        masses=np.where(static, KG, np.nan),
    )  # fmt: skip
    result = explained(recorded)
    assert not result.left_out
    [finding] = result.findings
    assert finding.severity == "warning"
    assert "static is of another person" in finding.what
    assert finding.what.endswith("Nothing is changed.")


@pytest.mark.parametrize("typed", [55.0, 73.0, 154.3])
def test_a_mistyped_mass_is_replaced_by_that_of_the_plates(typed):
    """Unless the sheet confirms it."""
    recorded = replace(session(), sheet_kg=typed)
    result = explained(recorded)
    [finding] = result.findings
    assert (finding.rule, finding.severity) == ("mass-disagreement", "warning")
    assert result.mass_refuted
    confirmed = explained(recorded, mass_kg=typed, mass_confirmed="yes")
    assert not confirmed.mass_refuted
    assert {finding.severity for finding in confirmed.findings} <= {"info", "warning"}


def test_one_measurement_of_the_mass_does_not_refute_the_sheet():
    """Both are named, the trials are doubtful."""
    recorded = replace(session(), masses=np.array([KG, np.nan, np.nan, np.nan]), sheet_kg=73.5)
    result = explained(recorded)
    [finding] = result.findings
    assert (finding.severity, finding.invalidates) == ("warning", "trial")
    assert not result.mass_refuted
    assert "the body mass of the sheet is" in finding.what
    assert "the forces of static are" in finding.what


def test_a_scale_of_all_markers_explains_all_plates():
    """The plates seem displaced the more the farther they lie from the origin."""
    recorded = session()
    fault = ROWS["markers-scale"]
    place = next(x for words, x, _ in scopes_of(fault, recorded) if words == "all")
    result = explained(planted(fault, recorded, place, 0.03, np.random.default_rng(5)))
    [finding] = result.findings
    assert finding.rule == "markers-scale"
    assert finding.number == pytest.approx(0.03, abs=0.006)
    assert result.explained == {"plate-misplaced"}


def test_joint_moments_on_a_displaced_plate_do_not_count():
    recorded = session()
    fault = next(x for x in SESSION_FAULTS if x.name == "plate-along" and x.scope == PLATE)
    place = next(x for words, x, _ in scopes_of(fault, recorded) if words == "plate 3")
    result = explained(planted(fault, recorded, place, 0.06, np.random.default_rng(6)))
    [finding] = result.findings
    assert (finding.rule, finding.where, finding.label) == ("plate-misplaced", "plate 3", "3")
    assert finding.invalidates == "moments"
    assert "mm farther forward" in finding.what


def test_a_mistyped_stature_leaves_trials_doubtful():
    [finding] = explained(replace(session(), sheet_m=1.45)).findings
    assert (finding.rule, finding.invalidates) == ("height-implausible", "trial")
    assert finding.number == pytest.approx(np.log(1.45 / STATURE_M), abs=0.03)


ORDERED = """
from aqbio.prepare.explanations import improbability
from aqbio.prepare.session_faults import session_candidates
from tests.prepare.test_session import session
made = session()
sizes = made.disagreements()
for candidate in session_candidates(made):
    print(candidate.fault, candidate.scope, candidate.sizes and candidate.sizes.grid)
print(improbability(sizes, made.scales(sizes), sizes).hex())
"""


def test_what_is_tried_and_its_sums_do_not_depend_on_the_process():
    """Python draws the order of its sets of names anew in every process."""
    said = {
        subprocess.run(
            [sys.executable, "-c", ORDERED], env={**os.environ, "PYTHONHASHSEED": seed},
            check=True, capture_output=True, text=True,
        ).stdout
        for seed in ("1", "2", "3")
    }  # fmt: skip
    assert len(said) == 1


def test_two_plates_of_a_runway_are_called_no_belts():
    """Each bears a foot of its own, as two belts do."""
    words = worst_words({"belt along": np.array([0.077])}, people_scales(6.0))
    assert words == "the pressure lies on one of two plates along the foot elsewhere by 77 mm"
