"""Faults of forces: what undoes them, and the search that tells them apart."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from importlib.resources import files
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.transform import Rotation

from aqbio.config import Trial
from aqbio.errors import AqbioError
from aqbio.force_plates.forces import PlateWrench
from aqbio.io.recording import ForceRecording
from aqbio.names import GRAVITY
from aqbio.prepare.body_balances import momentum
from aqbio.prepare.contacts import FootContact
from aqbio.prepare.explanations import (
    MIN_LOG_ODDS,
    Candidate,
    Explanation,
    Ranking,
    Suspect,
    excess,
    improbability,
    people_scales,
    search,
)
from aqbio.prepare.force_evidence import ForceEvidence
from aqbio.prepare.force_faults import (
    ALL,
    FORCE_FAULTS,
    MOMENTS,
    PAIR,
    PLATE_RARITY,
    ROWS,
    force_candidates,
)
from aqbio.prepare.force_search import explained_forces
from aqbio.prepare.frame_loads import FrameLoads, averaged
from aqbio.prepare.marked_body import MarkedBody
from aqbio.prepare.notes import MAX_LISTED, Notes
from aqbio.prepare.people import of_people
from aqbio.prepare.stated_faults import stated_faults
from tests.planted_forces import planted

RATE_HZ, FRAME_RATE_HZ, MASS_KG = 1000.0, 200.0, 70.0
STEP_S, CONTACT_S, STEPS, SPEED = 0.24, 0.13, 6, 5.0
SQUARE = np.array([[0.45, 0.0, 0.3], [0.45, 0.0, -0.3], [-0.45, 0.0, -0.3], [-0.45, 0.0, 0.3]])
LEVER = np.array([0.01, -0.04, 0.02])


def recorded_run(seed: int, *, moments: bool) -> tuple[ForceRecording, ForceEvidence]:
    """A run over a plate a step, and the body that its forces move, with a sway of .5 mm."""
    rng = np.random.default_rng(seed)
    time = np.arange(int((STEPS * STEP_S + 0.2) * RATE_HZ)) / RATE_HZ
    force, about, point = (np.zeros((len(time), STEPS, 3)) for _ in range(3))
    begins = 0.1 + STEP_S * np.arange(STEPS)
    places = np.stack([SPEED * (begins + 0.5 * CONTACT_S), 0.0 * begins, np.zeros(STEPS)], axis=1)
    places[:, 2] = 0.05 * (1.0 - 2.0 * (np.arange(STEPS) % 2))
    free = np.zeros((len(time), STEPS))
    for step, begin in enumerate(begins):
        phase = (time - begin) / CONTACT_S
        on, side = (phase > 0.0) & (phase < 1.0), 1.0 - 2.0 * (step % 2)
        hump = np.sin(np.pi * phase[on])
        force[on, step, 1] = MASS_KG * 9.80665 * STEP_S / CONTACT_S * 0.5 * np.pi * hump
        force[on, step, 0] = -rng.uniform(250.0, 400.0) * np.sin(2.0 * np.pi * phase[on])
        force[on, step, 2] = side * rng.uniform(60.0, 150.0) * hump
        free[on, step] = side * rng.uniform(3.0, 8.0) * hump
        point[:, step] = places[step] + [0.05, 0.0, 0.0]
        point[on, step, 0] += 0.15 * (phase[on] - 0.5)
    corners = places[:, None] * [1.0, 0.0, 0.0] + SQUARE
    fixed = corners.mean(axis=1)
    about = np.cross(point - fixed, force)
    about[..., 1] += free
    total = force.sum(axis=1) / MASS_KG - [0.0, 9.80665, 0.0]
    velocity = np.cumsum(total, axis=0) / RATE_HZ
    com = np.array([0.0, 1.0, 0.0]) + time[:, None] * [SPEED, 0.0, 0.0]
    com = com + np.cumsum(velocity - velocity.mean(axis=0) * [1.0, 1.0, 1.0], axis=0) / RATE_HZ
    turn = np.cross(point - com[:, None], force).sum(axis=1)
    turn[:, 1] += free.sum(axis=1)
    frames = slice(None, None, round(RATE_HZ / FRAME_RATE_HZ))
    momentum = np.cumsum(turn, axis=0) / RATE_HZ
    sway = 5e-4 * np.sin(2.0 * np.pi * 3.0 * time[:, None] + rng.normal(size=3))
    body = MarkedBody(
        time[frames], (com + sway)[frames], momentum[frames] / MASS_KG,
        np.ones(len(time[frames]), dtype=np.bool_),
    )  # fmt: skip
    feet, contacts = np.zeros((len(time[frames]), 2, 3, 3)), []
    shape = np.array([[-0.12, 0.03, 0.0], [0.06, 0.03, 0.03], [0.06, 0.03, -0.03]])
    for foot in (0, 1):
        own = np.arange(STEPS) % 2 == foot
        instants = np.stack([begins[own], begins[own] + CONTACT_S], axis=1).ravel()
        along = np.interp(time[frames], instants, np.repeat(places[own, 0], 2))
        swing = np.interp(time[frames], instants, np.zeros(len(instants)))
        standing = np.zeros(len(along), dtype=np.bool_)
        for begin in begins[own]:
            standing |= (time[frames] >= begin) & (time[frames] <= begin + CONTACT_S)
            contacts.append(FootContact(foot, begin, begin + CONTACT_S, (), True, np.nan, np.nan))
        feet[:, foot] = shape + np.stack([along, swing, along * 0.0], axis=1)[:, None]
        feet[:, foot, :, 2] += places[own, 2][0]
        feet[~standing, foot, :, 1] += 0.3
    lever = np.tile(LEVER, (STEPS, 1)) if moments else None
    names = tuple("abcdef"[:STEPS])
    forces = ForceRecording(
        PlateWrench(force, about, fixed), corners, RATE_HZ, 0.0, names,
        tuple(range(1, STEPS + 1)), ("",) * STEPS, lever,
    )  # fmt: skip
    ordered = tuple(sorted(contacts, key=lambda contact: contact.touchdown))
    return averaged(forces), ForceEvidence(time[frames], feet, ordered, body)


def candidates_by(evidence: ForceEvidence) -> partial:
    """Faults that are tried on forces of which something is evidence."""
    return partial(force_candidates, mean_force=evidence.mean_force)


def rows() -> list[tuple[str, bool]]:
    return [
        (fault.name, moments)
        for fault in FORCE_FAULTS
        for moments in (False, True)
        if fault.recorded in ("", MOMENTS if moments else "centres of pressure")
    ]


@pytest.mark.parametrize(("name", "moments"), rows())
def test_a_fault_that_is_undone_leaves_the_recording_as_it_was(name, moments):
    """Loads, places and clock, whatever its size."""
    [fault] = [row for row in FORCE_FAULTS if row.name == name]
    forces, _ = recorded_run(1, moments=moments)
    plates = np.isin(np.arange(STEPS), (1, 3) if PAIR in fault.scopes else (2,))
    plates |= ALL in fault.scopes and len(fault.scopes) == 1
    size = fault.sizes.grid[-2] if fault.sizes else float("nan")
    undone = fault.undo(planted(fault, forces, plates, size), plates, size)
    for part in ("force", "moment", "point"):
        expected = getattr(forces.wrench, part)
        np.testing.assert_allclose(getattr(undone.wrench, part), expected, atol=1e-8)
    np.testing.assert_allclose(undone.corners, forces.corners, atol=1e-9)
    assert undone.start == pytest.approx(forces.start)
    assert undone.rate == pytest.approx(forces.rate)
    assert undone.time_factor == pytest.approx(1.0)
    assert undone.slope == pytest.approx((0.0, 0.0))


def test_a_sound_recording_costs_one_evaluation():
    forces, evidence = recorded_run(2, moments=True)
    evaluations = []

    def counted(recording: ForceRecording) -> dict[str, np.ndarray]:
        evaluations.append(recording)
        return evidence.disagreements(recording)

    ranking = search(forces, counted, candidates_by(evidence), people_scales(SPEED))
    assert [x.name for x in ranking.explanations] == ["sound"]
    assert not ranking.identified
    assert not ranking.undecided
    assert len(evaluations) <= 2


NOT_TOLD = {
    "force-gain", "rates", "plate-turned", "force-rate", "plate-along", "plate-across",
    "plate-clock",
}  # fmt: skip
"""Parameters of a laboratory: their sizes are stated with their errors, and often small."""


EVERY, THIRD = range(STEPS), range(2, 3)

SAID = [
    ("force-x-sign", EVERY, "force-x-sign"), ("force-x-sign", THIRD, "force-x-sign"),
    ("force-z-sign", EVERY, "force-z-sign"), ("force-xz-sign", EVERY, "force-xz-sign"),
    ("plates-action", EVERY, "plates-action"), ("plate-inverted", THIRD, "plate-inverted"),
    ("force-sign", EVERY, "force-sign"), ("moment-y-sign", EVERY, "moment-y-sign"),
    ("pressure-sign", THIRD, "pressure-sign"), ("force-kilonewtons", EVERY, "force-units"),
    ("moment-metres", THIRD, "force-units"), ("all-millinewtons", EVERY, "force-units"),
    ("plates-exchanged", (1, 3), "plates-exchanged"),
    ("corners-opposite", EVERY, "corners-opposite"), ("corners-next", EVERY, "corners-next"),
    ("corners-previous", EVERY, "corners-previous"),
    ("pressure-x-sign", EVERY, "pressure-x-sign"),
    ("force-pounds", EVERY, "force-units"), ("all-kilonewtons", EVERY, "force-units"),
    ("forces-mirrored", EVERY, "forces-mirrored"), ("force-y-sign", THIRD, "force-y-sign"),
    ("forces-mirrored-along", EVERY, "forces-mirrored-along"),
    ("forces-mirrored-but-corners", EVERY, "forces-mirrored-but-corners"),
    ("forces-mirrored-along-but-corners", EVERY, "forces-mirrored-along-but-corners"),
    ("forces-mirrored-down", EVERY, "forces-mirrored-down"),
]  # fmt: skip
"""Faults with their plates and the rule of their finding, which are undone."""


def holds_moments(name: str) -> bool:
    """Tell whether the file of a fault in `SAID` has moments, and no centres of pressure."""
    return not name.startswith("pressure-") or name == "pressure-sign"


def planted_scopes() -> list[tuple[str, bool, tuple[int, ...]]]:
    """Rows and plates that have them, but for those of `SAID`."""
    every = tuple(range(STEPS))
    said = {(name, holds_moments(name), tuple(plates)) for name, plates, _ in SAID}
    scopes = []
    for name, moments in rows():
        fault = ROWS[name]
        if name in NOT_TOLD:
            continue
        if "corner" in name or np.isfinite(fault.per_weight):
            scopes.append((name, moments, every))
        elif PAIR in fault.scopes:
            scopes.append((name, moments, (1, 3)))
        else:
            scopes += [(name, moments, every)] if ALL in fault.scopes else []
            scopes += [(name, moments, (2,))] if "plate" in fault.scopes else []
    return [scope for scope in scopes if scope not in said]


@pytest.mark.parametrize(("name", "moments", "plates"), planted_scopes())
def test_a_planted_fault_is_named_and_no_other(name, moments, plates):
    fault, chosen = ROWS[name], np.isin(np.arange(STEPS), plates)
    forces, evidence = recorded_run(3, moments=moments)
    for size in (0.06, -0.1) if fault.sizes else (float("nan"),):
        recorded, scales = planted(fault, forces, chosen, size), people_scales(SPEED)
        found = search(recorded, evidence.disagreements, candidates_by(evidence), scales)
        shown = improbability(evidence.disagreements(recorded), scales) - improbability(
            evidence.disagreements(forces), scales
        )
        rarity = fault.rarity + PLATE_RARITY * (len(plates) == 1) + MIN_LOG_ODDS
        named = {suspect.candidate.fault for suspect in found.identified}
        assert named <= {name}, found.best.name
        assert found.best.suspects or shown < rarity + 1.0
        for suspect in found.identified if fault.sizes else ():
            assert suspect.size == pytest.approx(size, abs=3.0 * suspect.sd)


def test_what_repeats_in_a_recording_is_one_observation():
    """As improbable in four contacts as in forty; what differs between contacts adds up."""
    scales = people_scales(SPEED)
    far = 6.0 * scales["pressure"].between
    few, many = (improbability({"pressure": np.full(n, far)}, scales) for n in (4, 40))
    none = [improbability({"pressure": np.zeros(n)}, scales) for n in (4, 40)]
    baselines = (
        excess({"pressure": np.full(4, far)}, scales),
        excess({"pressure": np.full(40, far)}, scales),
    )
    assert baselines[0] == pytest.approx(baselines[1], rel=1e-9)
    assert few > none[0]
    assert many > none[1]
    one_off = np.where(np.arange(8) == 3, far, 0.0)
    assert excess({"pressure": one_off}, scales) > excess({"pressure": one_off[2:5] * 0}, scales)


def test_what_is_seen_only_after_a_fault_is_undone_is_no_reproach():
    """Usual values of a redundancy that was hidden cost about nothing."""
    scales = people_scales(SPEED)
    pressure = scales["pressure"]
    values = pressure.between + pressure.within * np.array([-1.0, 1.0, -1.0, 1.0])
    assert abs(improbability({"pressure": values}, scales)) < 1e-9


def test_what_hides_evidence_explains_nothing():
    """A redundancy that was observed and is not any more counts as parts that do not belong."""
    scales = people_scales(SPEED)
    seen = {"pressure": np.full(4, 0.2)}
    assert improbability({}, scales, seen) > improbability(seen, scales)
    fewer = {"pressure": np.array([0.01, 0.01])}
    assert improbability(fewer, scales, {"pressure": np.array([0.01, 0.2, 0.01])}) == pytest.approx(
        improbability({"pressure": np.array([0.01, 0.01, 0.2])}, scales)
    )
    assert improbability({}, scales) == 0.0


def test_scales_hold_at_the_speeds_of_their_people_and_are_interpolated_between():
    """A run at 6 m/s is not held to what runs at 4 show, and no speed makes a step."""
    slow, fast, unknown = people_scales(4.5), people_scales(8.0), people_scales(np.nan)
    assert people_scales(6.3) == slow
    assert unknown == fast == people_scales(12.0)
    for name in ("turn y", "pressure", "free moment"):
        middle = people_scales(6.7)[name].laboratories
        between = np.sqrt(slow[name].laboratories * fast[name].laboratories)
        assert middle == pytest.approx(between, rel=1e-6)
    speeds = np.arange(1.0, 11.0, 0.02)
    logs = np.log([[x.between for x in people_scales(float(v)).values()] for v in speeds])
    assert np.abs(np.diff(logs, axis=0)).max() < 0.06


def test_spreads_come_from_several_laboratories():
    text = files("aqbio.prepare").joinpath("redundancies.tsv").read_text(encoding="utf-8")
    table = pd.read_csv(StringIO(text), sep="\t", comment="#")
    runs = table[(table["from_mps"] > 0.0) & (table["to_mps"] < 7.0)]
    assert (runs["laboratories"] >= 2).all()
    assert (runs["people"] >= 11).all()
    assert (table["within_person"] >= 0.2 * table["between_laboratories"]).mean() > 0.95


def explained(name: str, plates, size: float = np.nan, *, moments: bool = True, cell: str = ""):
    """Sound forces, what is used after a fault of plates (counted from 0), and findings."""
    [fault] = [row for row in FORCE_FAULTS if row.name == name]
    sound, evidence = recorded_run(3, moments=moments)
    recorded = planted(fault, sound, np.isin(np.arange(STEPS), plates), size)
    notes = Notes("run", "P1", "run.trc", "run.mot")
    row = Trial(participant_id="P1", trial_id="run", task="run", file="run.c3d", fix=cell or None)
    stated = stated_faults(row, "trials.tsv")
    return sound, explained_forces(recorded, evidence, SPEED, notes, stated), notes.findings


def assert_same(first: ForceRecording, second: ForceRecording, atol: float = 1e-8) -> None:
    for part in ("force", "moment", "point"):
        given = getattr(first.wrench, part)
        np.testing.assert_allclose(given, getattr(second.wrench, part), atol=atol)


@pytest.mark.parametrize(("name", "plates", "rule"), SAID)
def test_an_identified_fault_is_proposed_and_its_cell_undoes_it(name, plates, rule):
    """Until the sheet states it, the loads on which it bears are not used."""
    moments = holds_moments(name)
    sound, used, [finding] = explained(name, plates, moments=moments)
    assert (finding.rule, finding.file) == (rule, "run.mot")
    assert finding.severity == ("info" if rule == "plates-action" else "warning")
    assert "are not used until the sheet states what is right." in finding.what
    words = "plate 3" if plates is THIRD else "plates 2 and 4" if len(plates) == 2 else "all plates"
    assert finding.where.startswith(words)
    assert f"“{finding.proposal}”" in finding.fix
    if plates is EVERY:
        assert used.forces is None
    else:
        assert used.left_out == tuple(plate + 1 for plate in plates)
    sound, used, [finding] = explained(name, plates, moments=moments, cell=finding.proposal)
    assert (finding.severity, finding.proposal, used.left_out) == ("info", "", ())
    assert_same(used.forces, sound)


TWO_PERCENT_APART = ("all-kiloponds", "all-decanewtons")


@pytest.mark.parametrize("name", TWO_PERCENT_APART)
def test_units_that_no_recording_distinguishes_are_both_named(name):
    """And what the sheet is to say of each; a weight that no person has is used by nobody."""
    _, used, findings = explained(name, EVERY)
    assert used.forces is None or findings[-1].rule == "forces-undecided"
    [finding] = findings
    assert finding.rule in ("forces-undecided", "forces-foreign")


@pytest.mark.parametrize("times", [1.3, 0.75])
def test_a_plate_with_a_gain_is_left_out_until_the_sheet_states_it(times):
    """Its impulse is off by as much as a calibration is that went wrong by a step of it."""
    sound, evidence = recorded_run(3, moments=True)
    assert evidence.disagreements(sound)["momentum"].max() < 0.01
    _, used, [finding] = explained("force-gain", THIRD, np.log(times))
    assert (finding.rule, finding.severity, used.left_out) == ("force-gain", "warning", (3,))
    assert np.exp(finding.number) == pytest.approx(times, rel=0.02)
    _, used, _ = explained("force-gain", THIRD, np.log(times), cell=finding.proposal)
    largest = np.abs(sound.wrench.force).max()
    np.testing.assert_allclose(used.forces.wrench.force, sound.wrench.force, atol=0.02 * largest)


@pytest.mark.parametrize(("share", "is_named"), [(0.75, True), (1.3, True), (0.93, False)])
def test_a_contact_that_plates_bear_in_part_is_reported_and_used(share, is_named):
    """One of three on the same plate."""
    sound, evidence = recorded_run(3, moments=True)
    wrench, feet = sound.wrench, [range(foot, STEPS, 2) for foot in (0, 1)]
    scaled = np.where(np.arange(STEPS) == min(THIRD), share, 1.0)[:, None]
    about = scaled * wrench.moment_about_origin()
    two = [
        np.stack([x[:, of].sum(axis=1) for of in feet], 1) for x in (scaled * wrench.force, about)
    ]
    forces = ForceRecording(
        PlateWrench(*two, np.zeros((2, 3))), np.full((2, 4, 3), np.nan), sound.rate, sound.start,
        ("l", "r"), (1, 2), ("left", "right"),
    )  # fmt: skip
    notes = Notes("run", "P1", "run.trc", "run.mot")
    used = explained_forces(forces, evidence, SPEED, notes).forces
    assert used is forces
    assert [(x.rule, x.severity) for x in notes.findings] == (
        [("contact-half-borne", "warning")] if is_named else []
    )
    for finding in notes.findings:
        assert finding.number == pytest.approx(share, abs=0.02)


def test_what_contacts_bear_is_what_the_body_gains():
    """In closed form: mass times (g Δt + Δv), contacts of any length and size between falls."""
    time = np.arange(0.0, 1.0, 0.004)
    spans = ((0.1, 0.24), (0.32, 0.41), (0.52, 0.8))
    gains = np.array([1.0, 1.25, 0.9])
    force = np.zeros((len(time), 1, 3))
    for (start, stop), size in zip(spans, (2000.0, 2600.0, 1100.0), strict=True):
        force[(time >= start) & (time < stop), 0, 1] = size
    velocity = np.cumsum(force[:, 0, 1] / MASS_KG - GRAVITY) * 0.004
    com = np.zeros((len(time), 3))
    com[:, 1] = np.cumsum(velocity - 0.5 * (force[:, 0, 1] / MASS_KG - GRAVITY) * 0.004) * 0.004
    body = MarkedBody(time, com, com, np.ones(len(time), np.bool_))
    for (start, stop), gain in zip(spans, gains, strict=True):
        force[(time >= start) & (time < stop)] *= gain
    loads = FrameLoads(
        force, force, np.tile(force, 2), np.zeros((1, 3)), np.zeros(1), force[..., 1] / 3000.0,
        time >= 0.0, time < 0.0, 1.0, (0.0, 0.0),
    )  # fmt: skip
    whole = np.ones(len(time), np.bool_)
    contacts, logs = momentum(body, loads, whole, ~loads.borne)
    np.testing.assert_allclose(logs, np.log(gains), atol=2e-3)
    np.testing.assert_allclose(0.004 * contacts, spans, atol=2e-3)
    assert len(momentum(body, loads, time < 0.45, ~loads.borne)[1]) == 2
    assert len(momentum(body, loads, time < 0.3, ~loads.borne)[1]) == 0


@pytest.mark.parametrize("share", [0.6, 0.8, 1.4])
def test_forces_of_a_person_stay_whatever_mass_a_sheet_says(share):
    """What is wrong then, sheet or plates, is for the session to weigh."""
    sound, evidence = recorded_run(3, moments=True)
    notes = Notes("run", "P1", "run.trc", "run.mot")
    body_kg = share * evidence.mean_force(sound) / GRAVITY
    used = explained_forces(sound, replace(evidence, body_kg=body_kg), SPEED, notes).forces
    assert used is sound
    assert notes.findings == []


@pytest.mark.parametrize("lag", [0.025, 0.08, 0.52, -0.52])
def test_a_lag_is_proposed_as_the_vertical_force_shows_it(lag):
    """Of some steps too, which lie beyond the sizes of the row."""
    _, used, [finding] = explained("force-clock", EVERY, lag)
    assert (finding.rule, used.forces) == ("force-clock", None)
    assert finding.number == pytest.approx(lag, abs=2e-3)
    assert float(finding.proposal.removeprefix("force-clock ")) == pytest.approx(lag, abs=2e-3)


@pytest.mark.parametrize(
    ("name", "plates", "size", "rule"),
    [
        ("plate-along", THIRD, -0.25, "plate-misplaced"),
        ("plate-across", EVERY, 0.08, "plate-misplaced"),
        ("vertical-along", EVERY, 0.1, "vertical"),
        ("vertical-across", EVERY, -0.1, "vertical"),
    ],
)
def test_places_of_plates_are_reported_and_left_to_the_fit(name, plates, size, rule):
    [fault] = [row for row in FORCE_FAULTS if row.name == name]
    sound, used, [finding] = explained(name, plates, size)
    assert (finding.rule, finding.severity) == (rule, "warning")
    assert finding.number == pytest.approx(size, rel=0.1)
    assert finding.what.endswith("The forces are used as recorded.")
    assert_same(used.forces, planted(fault, sound, np.isin(np.arange(STEPS), plates), size))


def test_a_wrong_rate_of_forces_is_proposed():
    _, used, [finding] = explained("force-rate", EVERY, 0.08)
    assert (finding.rule, used.forces) == ("rate", None)
    assert "clock of the forces runs 8" in finding.what
    assert float(finding.proposal.removeprefix("force-rate ")) == pytest.approx(0.08, abs=2e-3)


def test_a_late_plate_is_proposed():
    _, used, [finding] = explained("plate-clock", THIRD, 0.025)
    assert used.left_out == (3,)
    assert "late by the clock of the other plates (plate 3)" in finding.what
    lag = float(finding.proposal.removeprefix("plate-clock plate 3 "))
    assert lag == pytest.approx(0.025, abs=1.0 / RATE_HZ + 2e-3)


@pytest.mark.parametrize(("size", "way"), [(-0.45, "0.6"), (0.45, "1.6")])
def test_rates_of_both_files_that_are_wrong_alike_refuse_the_trial(size, way):
    """The body then moves by their square times what its forces can move it, and falls so, too."""
    with pytest.raises(AqbioError, match=f"markers and forces are {way}") as refused:
        explained("rates", EVERY, size)
    assert refused.value.rule == "rate"


@pytest.mark.parametrize("size", [-0.3, 0.0, 0.2])
def test_the_fall_between_loads_tells_the_rate(size):
    """The made body falls with 9.8 m/s², and sways by a millimetre."""
    forces, evidence = recorded_run(3, moments=True)
    [off] = evidence.disagreements(replace(forces, time_factor=float(np.exp(size))))["fall"]
    rate = 0.5 * np.log(9.80665 / of_people("fall between loads").middle)
    assert off == pytest.approx(abs(rate - size), abs=0.03)


@pytest.mark.parametrize(("axis", "slope"), [("z", "slope x"), ("x", "slope z")])
def test_a_treadmill_that_is_inclined_shows_how_much(axis, slope):
    """Markers and forces in the axes of its belt."""
    forces, evidence = recorded_run(3, moments=True)
    incline = Rotation.from_euler(axis, 3.0, degrees=True).as_matrix()
    body = replace(evidence.body, com=evidence.body.com @ incline.T)
    inclined = replace(forces, wrench=forces.wrench.rotated(incline))
    [off] = replace(evidence, body=body).disagreements(inclined)[slope]
    assert off == pytest.approx(np.sin(np.radians(3.0)), rel=0.1)


def test_noise_of_markers_is_no_wrong_rate():
    """5 mm in the centre of mass move a parabola of these flights by several m/s²."""
    forces, evidence = recorded_run(3, moments=True)
    usual = of_people("fall between loads").error
    for seed in range(8):
        noise = np.random.default_rng(seed).normal(0.0, 0.005, evidence.body.com.shape)
        noisy = replace(evidence, body=replace(evidence.body, com=evidence.body.com + noise))
        [off] = noisy.disagreements(forces)["fall"]
        assert off < 3.0 * usual


def standing(newtons: float, arm: float) -> tuple[ForceRecording, ForceEvidence]:
    """Somebody who stands on the first of two plates, in whose middle the load is ``arm``, m."""
    time = np.arange(200) / FRAME_RATE_HZ
    shape = np.array([[-0.12, 0.03, 0.0], [0.1, 0.03, 0.03], [0.1, 0.03, -0.03]])
    feet = shape + np.array([[[0.0, 0.0, -0.1]], [[0.0, 0.0, 0.1]]])
    evidence = ForceEvidence(time, np.tile(feet, (200, 1, 1, 1)), (), None, standing=True)
    force, moment = np.zeros((200, 2, 3)), np.zeros((200, 2, 3))
    force[:, 0, 1], force[:, 1, 1] = newtons, 1.0
    moment[:, 0, 2] = arm * force[:, 0, 1]
    corners = SQUARE + np.array([[[0.0, 0.0, 0.0]], [[1.0, 0.0, 0.0]]])
    forces = ForceRecording(
        PlateWrench(force, moment, corners.mean(axis=1)), corners, FRAME_RATE_HZ, 0.0, ("a", "b"),
        (1, 2), ("", ""), None,
    )  # fmt: skip
    return forces, evidence


@pytest.mark.parametrize("is_seen", [True, False])
def test_pressure_of_somebody_who_stands_throughout_is_beneath_the_feet(is_seen):
    """On a plate that is never unloaded; a load that weighs no person is none."""
    forces, evidence = standing(700.0 if is_seen else 70.0, 0.2)
    disagreements = evidence.disagreements(forces)
    if is_seen:
        assert disagreements["pressure"] == pytest.approx([0.1], abs=1e-6)
    else:
        assert "pressure" not in disagreements


def test_who_stands_elsewhere_than_the_plate_weighs_the_same():
    forces, evidence = standing(700.0, 0.2)
    away = replace(evidence, feet=evidence.feet - np.array([0.4, 0.0, 0.0]))
    notes = Notes("static", "P1", "", "")
    explained = explained_forces(forces, away, 0.0, notes)
    assert {x.severity for x in notes.findings} <= {"warning"}
    np.testing.assert_allclose(explained.forces.wrench.force, forces.wrench.force)


def test_noise_of_a_plate_beside_somebody_who_stands_is_no_load():
    forces, evidence = standing(37.0, 0.0)
    noise = np.random.default_rng(0).normal(0.0, 1.0, forces.wrench.force.shape)
    noisy = replace(forces, wrench=replace(forces.wrench, force=forces.wrench.force + noise))
    notes = Notes("static", "P1", "", "")
    assert explained_forces(noisy, evidence, 0.0, notes).forces is noisy
    assert notes.findings == []


def test_who_walks_presses_under_a_foot_as_who_runs():
    """Only of somebody who stands is pressure compared with the box about both feet."""
    standing, walking, running = (people_scales(x)["pressure"].between for x in (0.0, 1.2, 2.5))
    assert standing == pytest.approx(running, rel=0.01)
    assert walking == pytest.approx(running, rel=0.01)


def test_what_is_undecided_is_used_as_recorded_with_one_remark():
    """The feet alone do not distinguish a flipped force from a flipped moment."""
    sound, evidence = recorded_run(3, moments=True)
    [fault] = [row for row in FORCE_FAULTS if row.name == "force-x-sign"]
    recorded = planted(fault, sound, np.ones(STEPS, dtype=np.bool_), np.nan)
    notes = Notes("run", "P1", "", "")
    used = explained_forces(recorded, replace(evidence, body=None), SPEED, notes)
    assert used.forces is recorded
    assert used.left_out == ()
    for finding in notes.findings:
        assert (finding.rule, finding.severity) == ("forces-undecided", "warning")
        assert "the sign of the fore-aft force is flipped" in finding.what
        assert finding.what.endswith("The forces are used as recorded.")
    assert len(notes.findings) <= 1


def foreign(**changes) -> tuple[list, ForceRecording | None]:
    """Findings of forces of somebody else, and what is used of them."""
    sound, evidence = recorded_run(3, moments=True)
    forces = changes.pop("forces", lambda x: x)(sound)
    notes = Notes("run", "P1", "", "")
    used = explained_forces(forces, replace(evidence, **changes), SPEED, notes).forces
    return notes.findings, used


def test_forces_under_no_foot_are_not_used():
    _, evidence = recorded_run(3, moments=True)
    findings, used = foreign(feet=evidence.feet + np.array([0.0, 0.0, 5.0]), contacts=(), body=None)
    assert used is None
    assert findings[-1].rule == "forces-foreign"


def considered(name: str, size: float = np.nan):
    """Rows of what was considered of a run with a fault of all plates."""
    [fault] = [row for row in FORCE_FAULTS if row.name == name]
    sound, evidence = recorded_run(3, moments=True)
    recorded = planted(fault, sound, np.ones(STEPS, dtype=np.bool_), size)
    notes = Notes("run", "P1", "", "")
    explained_forces(recorded, evidence, SPEED, notes)
    assert [row.rank for row in notes.considered] == list(range(1, len(notes.considered) + 1))
    return notes.considered


def test_of_a_sound_run_nothing_but_sound_is_plausible():
    [row] = considered("force-clock", 0.0)
    assert (row.explanation, row.fault, row.log_odds) == ("sound", None, 0.0)
    assert (row.evidence, row.verdict) == (None, "identified")


def test_what_was_considered_is_listed_with_its_size_and_what_speaks_for_it():
    first, *others = rows_listed = considered("force-clock", 0.08)
    assert (first.fault, first.verdict, first.unit) == ("force-clock", "identified", "s")
    assert first.plates == "all plates"
    assert first.size == pytest.approx(0.08, abs=5e-3)
    assert 0.0 < first.size_sd < 0.01
    assert first.evidence.startswith("as recorded, ")
    assert {row.verdict for row in others} <= {"plausible"}
    assert len(rows_listed) <= MAX_LISTED
    assert len({(row.fault, row.plates) for row in rows_listed}) == len(rows_listed)


def test_usual_sizes_are_listed_as_no_fault():
    """A lag that laboratories have is a parameter, with its size."""
    [usual] = considered("force-clock", 0.014)
    assert usual.fault is None
    assert usual.explanation.startswith("sound; usual in laboratories: the forces are 1")
    assert (usual.verdict, usual.unit) == ("identified", "s")


def ranking_of(*explanations: tuple[str, float], clear: float = MIN_LOG_ODDS, explains=True):
    """A ranking of made explanations: names of faults and their improbabilities."""
    made = [
        Explanation(
            tuple(
                Suspect(Candidate(name, ALL, 1.0, lambda x, _: x), np.nan, np.nan)
                for name in filter(None, names.split(" "))
            ),
            value,
        )
        for names, value in explanations
    ]
    return Ranking(tuple(sorted(made, key=lambda x: x.improbability)), clear, explains)


@pytest.mark.parametrize(
    ("explanations", "identified", "undecided"),
    [
        ([("", 0.0)], (), 0),
        ([("", 0.0), ("a", 1.0)], (), 0),
        ([("", 10.0), ("a", 1.0)], ("a",), 0),
        ([("", 10.0), ("a", 1.0), ("b", 5.0)], ("a",), 0),
        ([("", 10.0), ("a", 1.0), ("b", 2.0)], (), 2),
        ([("", 10.0), ("a", 2.0), ("a b", 1.0), ("a c", 1.5)], ("a",), 0),
        ([("", 3.0), ("a", 1.0), ("b", 2.0)], (), 0),
    ],
)
def test_identified_is_what_all_plausible_explanations_share(explanations, identified, undecided):
    ranking = ranking_of(*explanations)
    assert tuple(x.candidate.fault for x in ranking.identified) == identified
    assert len(ranking.undecided) == undecided
    made_worse = ranking_of(*explanations, explains=False)
    assert made_worse.identified == ()
    assert all(x.faults for x in made_worse.undecided)
