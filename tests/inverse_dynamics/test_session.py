"""Parts of trials that the fit may use, and findings about sessions.

Words of every case are golden, loads and estimates are known; the session that is fitted is in
`tests/virtual/test_consistency_stage.py`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from aqbio.errors import Finding
from aqbio.inverse_dynamics.clocks import LAG_SD_S, SCATTER_SD_S, ClockScatter
from aqbio.inverse_dynamics.common_parameters import CommonEquations
from aqbio.inverse_dynamics.files import PLAIN_CLOCK_SD_S, plain_clock, session_lag
from aqbio.inverse_dynamics.findings import (
    MIN_NAMED_ODDS,
    _far_parameters,
    clock_of_plain,
    clock_of_trial,
    estimate_numbers,
    misfit_findings,
    session_findings,
    without_refuted_advice,
)
from aqbio.inverse_dynamics.long_tails import FARTHEST_SD, factors_of_tails, tail_moments
from aqbio.inverse_dynamics.parameters import PARAMETERS, Parameter, ParameterEstimate
from aqbio.inverse_dynamics.session import Session
from aqbio.inverse_dynamics.session_inputs import (
    fitted_session,
    observations,
    standing_cop,
    total_wrench,
    trial_speed,
)
from aqbio.inverse_dynamics.stage import _reasons_against_use
from aqbio.inverse_dynamics.stances import Standing
from aqbio.inverse_kinematics.solution import SolvedTrial
from aqbio.io.study import load_study
from aqbio.observed import mask as reasons
from aqbio.observed.mask import Observed
from aqbio.observed.misfit import usual_misfits
from aqbio.observed.parts import read_observed, with_observed
from aqbio.virtual.athlete import Athlete, athlete_skeleton
from tests.case_lines import case_lines, read_cases
from tests.golden import differences
from tests.small_study import write_small_study

RATE, FRAMES = 250.0, 300
TIME = np.arange(FRAMES) / RATE
FORCE_TIME = np.arange(FRAMES * 4) / 1000.0
EDGE = 0.015
GROUPS = {"leg_right": ("thigh", "shank"), "arm_left": ("arm",), "torso": ("trunk",)}
SEGMENTS = tuple(body for bodies in GROUPS.values() for body in bodies)
CONTACTS = (("right", 0.30, 0.42, True), ("left", 0.54, 0.66, True))


class OneSkeleton:
    """Markers and coordinates of a skeleton, as far as observations need them."""

    markers = tuple(f"M{n}" for n in range(12))
    coordinates = tuple(f"q{n}" for n in range(5))


def solved_trial(contacts=CONTACTS) -> SolvedTrial:
    """A run at 5 m/s whose force is a half sine in every contact; one spare plate is silent."""
    force, plate = np.zeros((FRAMES, 2, 3)), np.zeros((len(FORCE_TIME), 2, 3))
    for foot, touchdown, toe_off, _ in contacts:
        side = ("left", "right").index(foot)
        for clock, values in ((TIME, force[:, side]), (FORCE_TIME, plate[:, side])):
            along = np.clip((clock - touchdown) / (toe_off - touchdown), 0.0, 1.0)
            values[:, 1] += 1500.0 * np.sin(np.pi * along)
    feet, touchdowns, toe_offs, complete = zip(*contacts, strict=True) if contacts else ((),) * 4
    events = {
        "foot": np.array(feet, dtype="U8"), "touchdown": np.array(touchdowns, dtype=float),
        "toe_off": np.array(toe_offs, dtype=float), "complete": np.array(complete, dtype=bool),
        "edge_distance": np.full(len(feet), 0.2),
        "plates": np.array(["1" if foot == "left" else "2" for foot in feet], dtype="U32"),
    }  # fmt: skip
    loads = {
        "foot_force": (("time", "foot", "axis"), force),
        "foot_moment": (("time", "foot", "axis"), 0.1 * force),
        "plate_force_raw": (("force_time", "plate", "axis"), plate),
        "plate_moment_raw": (("force_time", "plate", "axis"), 0.0 * plate),
        "plate_point": (("plate", "axis"), np.zeros((2, 3))),
    }
    prepared = xr.Dataset(
        loads | {f"contact_{name}": ("contact", values) for name, values in events.items()},
        coords={"time": TIME, "force_time": FORCE_TIME, "foot": ["left", "right"],
                "axis": list("xyz")},
        attrs={
            "surface": "overground", "surface_height": 0.0, "belt_speed": 0.0, "heading": 0.0,
            "events": "plates", "free_moment": "measured", "marker_rate": RATE, "cutoff": 60.0,
            "force_rate": 1000.0,
        },
    )  # fmt: skip
    markers, q = np.zeros((FRAMES, 12, 3)), (("time", "coordinate"), np.zeros((FRAMES, 5)))
    markers[..., 0] = 5.0 * TIME[:, None]
    names = ("q", "u", "udot", "q_unfiltered", "generalised_force")
    solved = xr.Dataset(
        {
            **dict.fromkeys(names, q),
            "marker_error": (("time", "marker"), markers[..., 1]),
            "marker_position": (("time", "marker", "axis"), markers),
            "marker_followed": (("time", "marker"), np.ones((FRAMES, 12), dtype=bool)),
        },
        coords={"time": TIME, "marker": list(OneSkeleton.markers),
                "coordinate": list(OneSkeleton.coordinates), "axis": list("xyz")},
        attrs={"from_coordinates": ""},
    )  # fmt: skip
    determined = np.tile([name != "q3" for name in OneSkeleton.coordinates], (FRAMES, 1))
    mask = Observed.complete(SEGMENTS, FRAMES).determine(OneSkeleton.coordinates, determined, 0)
    files = (Path("prepared.nc"), Path("solved.nc"))
    return SolvedTrial("run", prepared, with_observed(solved, mask), files, prepared)


def usable(
    contacts=CONTACTS, hidden=(), why="", frames=(None, None), fill=None, load=0.0, unseen=(0, 0),
    prepared=None, solved=None,
) -> object:  # fmt: skip
    """A trial of which segments, values or a marker are lost, with a load of neither foot."""
    trial, affected = solved_trial(contacts), slice(*frames)
    if hidden:
        inside = np.isin(np.arange(FRAMES), np.arange(FRAMES)[affected])
        mask = read_observed(trial.solved).without(hidden, getattr(reasons, why), inside)
        trial.solved["observed"].values[:] = mask.mask
        trial.solved["unobserved_reason"] = ("segment", np.array(mask.reason))
    for name, value in (fill or {}).items():
        trial.prepared[name].values[affected] = value
    in_flight = (FORCE_TIME > 0.45) & (FORCE_TIME < 0.5)
    trial.prepared["plate_force_raw"].values[:, 0, 1] += np.where(in_flight, load, 0.0)
    trial.solved["marker_position"].values[slice(*unseen), 3] = np.nan
    trial.prepared.attrs.update(prepared or {})
    trial.solved.attrs.update(solved or {})
    observed = observations(OneSkeleton(), trial, GROUPS, EDGE)
    if isinstance(observed, str):
        return observed
    wrench = total_wrench(trial)
    spans = np.flatnonzero(np.diff(np.r_[0, observed.measured, 0])).tolist()
    return [trial_speed(trial), f"frames {spans} {observed.unobservable} drag {observed.drag}",
            wrench.time, wrench.force, wrench.moment, observed.markers, observed.contacts,
            observed.left * 1.0, observed.surface_height, observed.start]  # fmt: skip


LEG = ("femur_l", "tibia_l", "foot_l", "toes_l")


def session(late=0.0, sd=0.001, *, clock=True, distances=(0.0, 0.0), leg=None, **plates) -> object:
    """A fitted session: a late clock, turned plates, a static trial, a leg of some mass."""
    body = athlete_skeleton(Athlete("runner", "male", 75.0, 1.8))
    mass = body.mass
    if leg is not None:
        of_leg = np.isin(body.bodies, LEG)
        share = mass[of_leg].sum() / mass.sum()
        mass = np.where(of_leg, mass * leg / share, mass * (1 - leg) / (1 - share))
    by_name = {parameter.name: parameter for parameter in PARAMETERS}
    estimates = {"clock_offset": (late, sd), **plates}
    fitted = SimpleNamespace(
        plate_odds={},
        structures=[],
        accepted=("run1", "run2"),
        standing={
            "stand": Standing(*(np.array([0.0, 0.0, distance]) for distance in (*distances, 0.0)))
        },
        estimates=tuple(
            ParameterEstimate(
                replace(by_name[name], on=clock or name != "clock_offset"), *value_and_sd
            )
            for name, value_and_sd in estimates.items()
        ),
        runner=SimpleNamespace(skeleton=body),
        fits={"run": SimpleNamespace(skeleton=replace(body, mass=mass))},
    )
    return list(session_findings("P1", fitted, {"leg_left": LEG}))


def pressure(first: float, second: float = 0.0, height: float = np.nan) -> np.ndarray:
    """Two plates whose corners are known or not, loaded beside their points."""
    force = np.array([[0.0, first, 0.0], [5.0, second, -3.0]])
    moment = np.array([[0.0, 1.0, -20.0], [10.0, 0.0, 30.0]])
    corners = np.full((2, 4, 3), np.nan)
    corners[1, :, 1] = height
    return standing_cop(force, moment, np.array([[0.0, 0.0, 0.0], [0.5, 0.02, 0.1]]), corners)


@pytest.mark.parametrize("about", ["trials", "sessions"])
def test_golden_trials_and_sessions_on_both_sides_of_every_limit(about):
    cases = read_cases(Path(__file__).with_name("limits.yaml"), about, (usable, session, pressure))
    assert differences(f"inverse_dynamics/{about}", case_lines(cases)) == []


@pytest.mark.parametrize("belt", [0.0, 3.0])
def test_observations_are_what_was_recorded(belt):
    """Half sines of both feet on the clock of the markers; hidden markers are missing."""
    hidden = slice(50, 90)
    speed, spans, time, force, moment, markers, contacts, left, height, start = usable(
        unseen=(50, 90), prepared={"belt_speed": belt, "surface_height": 0.1}
    )
    assert speed == pytest.approx(5.0 + belt)
    assert spans.startswith("frames [60, 181]")
    expected_force = sum(
        1500.0 * np.sin(np.pi * np.clip((TIME - contact[1]) / (contact[2] - contact[1]), 0.0, 1.0))
        for contact in CONTACTS
    )
    np.testing.assert_allclose(time, TIME)
    np.testing.assert_allclose(force, expected_force[:, None] * [0.0, 1.0, 0.0], atol=1e-9)
    np.testing.assert_allclose(moment, 0.1 * force)
    expected = np.zeros((FRAMES, 12, 3))
    expected[..., 0] = 5.0 * TIME[:, None]
    expected[hidden, 3] = np.nan
    np.testing.assert_allclose(markers, expected, atol=1e-6)  # 32 bits
    np.testing.assert_allclose(contacts, [contact[1:3] for contact in CONTACTS])
    assert left.tolist() == [0.0, 1.0]
    assert height == pytest.approx(0.1)
    assert not start.any()


@pytest.mark.parametrize(
    ("loads", "empty"),
    [((700.0, 0.0), True), ((700.0, 14.9), True), ((700.0, -14.0), True), ((300.0, 400.0), False)],
)
@pytest.mark.parametrize("height", [np.nan, 0.1])
def test_pressure_of_a_person_who_stands(loads, empty, height):
    """At that point the moment is vertical; a plate below 15 N counts as empty."""
    force = np.array([[0.0, loads[0], 0.0], [5.0, loads[1], -3.0]])[: 1 if empty else 2]
    moment = np.array([[0.0, 1.0, -20.0], [10.0, 0.0, 30.0]])[: len(force)]
    point = np.array([[0.0, 0.0, 0.0], [0.5, 0.02, 0.1]])[: len(force)]
    centre = pressure(*loads, height)
    about = (moment + np.cross(point - centre, force)).sum(axis=0)
    np.testing.assert_allclose(about[[0, 2]], 0.0, atol=1e-9)
    surface = 0.02 if np.isnan(height) else height
    share = 0.0 if empty else force[1, 1] / force[:, 1].sum()
    assert centre[1] == pytest.approx(share * surface)


def test_numbers_of_estimates():
    """Every parameter with its prior, its interval, and the distances of static trials."""
    estimates = tuple(
        ParameterEstimate(parameter, parameter.prior + 0.1 * parameter.prior_sd, 0.002)
        for parameter in PARAMETERS
    )
    standing = Standing(np.array([0.01, -0.02]), np.array([0.0, 0.005]), np.zeros(2))
    fitted = SimpleNamespace(estimates=estimates, standing={"stand": standing})
    numbers = estimate_numbers(fitted)
    assert [row["name"] for row in numbers["parameters"]] == [
        parameter.name for parameter in PARAMETERS
    ]
    for row, parameter in zip(numbers["parameters"], PARAMETERS, strict=True):
        assert row["unit"], row["name"]
        assert row["fitted"] == parameter.on
        assert row["estimate"] == pytest.approx(row["prior"] + 0.1 * parameter.prior_sd)
        assert row["high"] - row["low"] == pytest.approx(2.0 * 1.645 * 0.002)
        assert row["sd"] == 0.002
    [row] = numbers["standing"]
    assert row["trial_id"] == "stand"
    assert row["given_m"] == [0.01, -0.02]
    assert row["fitted_m"] == [0.0, 0.005]
    assert row["left_out_m"] == [0.0, 0.0]


def late_session(clock: float = 0.012, shifts=(0.0, 0.0), *, accepted=True):
    """A session whose clock is known to 1 ms."""
    [parameter] = [candidate for candidate in PARAMETERS if candidate.name == "clock_offset"]
    session_made = Session(None, {}, {}, ())
    session_made.observations = {
        name: SimpleNamespace(shift=shift, speed=4.0)
        for name, shift in zip(("run", "other"), shifts, strict=True)
    }
    session_made.fits = {"run": None} if accepted else {}
    session_made.misfits = {"run": {"force": 0.0}}
    session_made.estimates = (ParameterEstimate(parameter, clock, 0.001),)
    return session_made


def with_lag(lag: float, shift: float = 0.0) -> SolvedTrial:
    """A trial whose forces say how late they are."""
    trial = solved_trial()
    trial.prepared.attrs |= {"force_lag": lag, "force_shift": shift}
    return trial


@pytest.mark.parametrize(("clock", "sd"), [(0.0, np.inf), (0.012, 0.001)])
def test_the_clock_of_a_trial_that_is_not_fitted(clock, sd):
    """Near the session's, or without one near 0; at the lag where that is far; no jump between."""
    own_sd = PLAIN_CLOCK_SD_S if np.isinf(sd) else np.hypot(sd, SCATTER_SD_S)
    near = plain_clock(with_lag(clock + 0.003), clock, sd)[0]
    assert near == pytest.approx(clock, abs=0.0015)  # half of it
    assert plain_clock(with_lag(np.nan), clock, sd)[0] == clock
    assert plain_clock(with_lag(np.nan), clock, sd)[1] >= own_sd
    lags = clock + np.arange(0.0, 0.060, 0.0001)
    clocks, sds = zip(*(plain_clock(with_lag(lag), clock, sd) for lag in lags), strict=True)
    assert clocks[0] == pytest.approx(clock, abs=1e-6)
    assert clocks[-1] == pytest.approx(lags[-1], abs=0.001)
    assert sds[0] <= plain_clock(with_lag(np.nan), clock, sd)[1]
    assert sds[-1] == pytest.approx(LAG_SD_S, rel=0.05)
    assert (np.diff(clocks) > 0.0).all()
    assert np.diff(clocks).max() < 0.0005  # for 0.1 ms of lag: a tenth of the error
    assert np.abs(np.diff(sds)).max() < 0.0003
    assert max(sds) > LAG_SD_S  # where both are possible


@pytest.mark.parametrize("others", [0.0, 0.003, 0.006, 0.012])
def test_the_lag_of_other_trials_tells_the_clock_of_one_that_shows_none(others):
    """Where nothing was fitted; to the scatter of a session's clocks beside the lag's error.

    Of a trial with the same lag of its own the clock is the same, so that a body without arms has
    the moments of the whole body's trial.
    """
    clock, sd = plain_clock(with_lag(np.nan), 0.0, np.inf, others)
    same, own_sd = plain_clock(with_lag(others), 0.0, np.inf)
    assert clock == same
    assert own_sd <= sd < own_sd + 0.0002
    assert abs(others - clock) < 1.96 * sd  # the lag itself is inside
    [finding] = clock_of_plain("run", with_lag(np.nan), late_session(accepted=False), others)
    assert finding.rule == "force-lag-unknown"
    assert f"{1e3 * abs(clock):.1f} ms" in finding.what
    assert f"{1e3 * 1.96 * sd:.0f} ms either way" in finding.what
    fitted = list(clock_of_plain("run", with_lag(np.nan), late_session(), others))
    assert fitted == []  # the session's fit knows better
    assert plain_clock(with_lag(np.nan), 0.002, 0.0005, others)[0] == 0.002


def test_a_session_without_any_lag_says_what_its_moments_allow_for():
    trials = [with_lag(np.nan), with_lag(np.nan), with_lag(0.004, shift=0.080)]
    assert np.isnan(session_lag(trials))  # those that were moved keep their own clock
    assert session_lag([*trials, with_lag(0.002), with_lag(0.006)]) == pytest.approx(0.004)
    assert plain_clock(trials[0], 0.0, np.inf, np.nan) == (0.0, PLAIN_CLOCK_SD_S)
    [finding] = clock_of_plain("run", trials[0], late_session(accepted=False))
    assert "6 ms either way" in finding.what
    without = with_lag(np.nan)
    without.prepared["foot_force"].values[:] = np.nan
    assert list(clock_of_plain("run", without, late_session(accepted=False))) == []


@pytest.mark.parametrize(
    ("lag", "shift", "accepted", "words"),
    [
        (0.012, 0.0, True, ""),  # as late as the session's clock
        (0.012, 0.0, False, "12 ms late: they"),  # no session tells so
        (0.0, 0.0, True, "0 ms late, and those of the session's other trials 12 ms: they"),
        (0.0, 0.030, True, ""),  # made earlier by its own lag
        (np.nan, 0.0, True, ""),
    ],
)
def test_forces_against_the_session_clock_are_named(lag, shift, accepted, words):
    session = late_session(accepted=accepted)
    findings = list(clock_of_plain("run", with_lag(lag, shift), session))
    assert [finding.invalidates for finding in findings] == [""] * bool(words)
    assert all(words in finding.what for finding in findings)


def test_forces_made_earlier_keep_the_clock_of_the_session():
    """That of forces as recorded, or after the median shift where all were too late."""
    assert late_session(shifts=(0.0, 0.022)).shift(0.022) == 0.022
    assert late_session(shifts=(0.080, 0.082)).shift(0.082) == pytest.approx(0.001)
    [parameter] = [candidate for candidate in PARAMETERS if candidate.name == "clock_offset"]
    for clock, shift, words in ((0.012, 0.0, []), (-0.010, 0.022, []), (0.001, 0.022, ["23.0 ms"])):
        fit = SimpleNamespace(
            clock=ParameterEstimate(parameter, clock, 0.001),
            observations=SimpleNamespace(shift=shift),
        )
        findings = list(clock_of_trial("run", fit, late_session(shifts=(0.0, 0.022))))
        assert len(findings) == len(words)
        assert all(word in finding.what for finding, word in zip(findings, words, strict=True))


def test_a_model_without_arms_is_not_fitted(tmp_path):
    """Their mass in the trunk: the fit bent the trunk to five times its momentum, unsuspected."""
    study = load_study(write_small_study(tmp_path))
    for arm in ("arm_left", "arm_right"):
        del study.model_map.groups[arm]
    fitted = fitted_session(study, OneSkeleton(), [solved_trial()])
    assert fitted.plain == {"run": "the model has no arm_left and no arm_right of its own"}
    assert not fitted.fits


@pytest.mark.parametrize(("is_fitted", "expected"), [(True, ["plates", "rate"]), (False, None)])
def test_a_fit_takes_back_neither_where_plates_are_nor_how_fast_clocks_run(is_fitted, expected):
    kinds = {"plates": "moments", "rate": "times", "delay": "forces", "mass": "trial", "gap": ""}
    findings = [
        Finding(rule, "warning", rule, invalidates=invalidates)
        for rule, invalidates in kinds.items()
    ]
    reasons = _reasons_against_use(findings, is_fitted=is_fitted)
    all_but_gap = ["plates", "rate", "delay", "mass"]
    assert [reason["what"] for reason in reasons["against"]] == (expected or all_but_gap)
    assert [reason["what"] for reason in reasons["against_plain"]] == all_but_gap


@pytest.mark.parametrize("speed", [3.0, 9.0])
def test_a_misfit_that_people_do_not_have_is_named_with_what_it_is(speed):
    """Beside its usual size at that speed; others of the trial are not."""
    session = late_session()
    session.observations["run"].speed = speed
    usual = usual_misfits(speed)
    session.misfits = {"run": {"force": 9.0 * usual["force"].scale, "moment": 0.0}}
    [finding] = misfit_findings("run", session)
    assert (finding.rule, finding.where) == ("consistency-misfit", "force")
    assert "9.0 times as large as in people who run straight ahead at this speed" in finding.what
    session.misfits = {"run": {"force": usual["force"].scale}}
    assert list(misfit_findings("run", session)) == []


@pytest.mark.parametrize(
    ("seen", "named"),
    [
        (np.array([[1.0, 0.0], [0.0, 1.0]]), ["4"]),  # each plate by itself: the first is far out
        (np.array([[1.0, 1.0], [0.0, 0.0]]), []),  # their sum only: either may be
    ],
)
def test_a_plate_is_named_where_no_other_device_explains_the_session(seen, named):
    """Of two plates 30 mm are seen, with 1 mm, and clocks of both trials not at all."""
    plates = [
        Parameter(f"along_of_plate_{label}", "m", 0.0, 0.003, on=True) for label in ("4", "8")
    ]
    clock = next(parameter for parameter in PARAMETERS if parameter.name == "clock_offset")
    rows = np.hstack([np.zeros((2, 1)), seen]) / 0.001
    information = rows.T @ rows, rows.T @ (np.array([0.030, 0.0]) / 0.001)
    none = np.zeros((3, 3)), np.zeros(3)
    common = CommonEquations(
        [replace(clock, on=True), *plates],
        {"run": information, "other": none},
        [],
        lambda sizes: {name: ClockScatter.about(size) for name, size in sizes.items()},
    )
    settled = common.settled({"run": 0.0, "other": 0.0})
    odds = common.plate_odds(settled)
    assert [
        plate for plate, size in odds.items() if np.exp(size) >= MIN_NAMED_ODDS and plate in "48"
    ] == named
    far = ["4"] if named else ["4", "8"]
    assert set(odds) == {*far, *(f"along_of_plate_{plate}" for plate in far)}
    estimates = tuple(
        ParameterEstimate(parameter, float(value), 0.001)
        for parameter, value in zip(common.parameters, settled.theta, strict=True)
    )
    session = Session(None, {}, {}, ())
    session.estimates, session.plate_odds = estimates, odds
    findings = list(_far_parameters("P1", session))
    assert {finding.rule for finding in findings} == {
        "parameter-far" if named else "parameter-undecided"
    }
    assert {finding.severity for finding in findings} == {"warning" if named else "info"}


@pytest.mark.parametrize(("fault", "denied"), [(None, True), ("forces-late", False)])
def test_no_advice_contradicts_what_the_search_over_faults_says(fault, denied):
    """Signs and clocks that it accepts are not to be looked at; other advice stays."""
    session = late_session()
    usual = usual_misfits(session.observations["run"].speed)
    names = ("force", "markers", "feet")
    session.misfits = {"run": {name: 9.0 * usual[name].scale for name in names}}
    findings = list(misfit_findings("run", session))
    considered = [
        {"about": "sides", "verdict": "identified", "fault": None},
        {"about": "forces", "verdict": "identified", "fault": fault},
    ]
    advised = list(without_refuted_advice(findings, considered))
    changed = [new.fix != old.fix for new, old in zip(advised, findings, strict=True)]
    assert changed == [denied, denied, False]
    assert all("look at sizes" in new.fix for new in advised[:2]) == denied
    assert list(without_refuted_advice(findings, [])) == findings


def test_errors_of_one_plate_that_are_not_told_apart_are_said_so():
    """30 mm along or a pitch that looks the same: the plate is named, the kind left open."""
    clock = next(parameter for parameter in PARAMETERS if parameter.name == "clock_offset")
    names = ("along_of_plate_4", "pitch_of_plate_4")
    errors = [Parameter(name, "m", 0.0, 0.003, on=True) for name in names]
    row = np.array([[0.0, 1.0, 1.1]]) / 0.001
    common = CommonEquations(
        [replace(clock, on=True), *errors],
        {"run": (row.T @ row, row[0] * 0.030 / 0.001)},
        [],
        lambda _: {},
    )
    settled = common.settled({"run": 0.0})
    session = Session(None, {}, {}, ())
    session.plate_odds = common.plate_odds(settled)
    session.estimates = tuple(
        ParameterEstimate(parameter, float(value), 0.001)
        for parameter, value in zip(common.parameters, settled.theta, strict=True)
    )
    findings = list(_far_parameters("P1", session))
    assert {finding.rule for finding in findings} == {"parameter-far"}
    assert all("Another displacement or turn of this plate" in f.what for f in findings)


def tails_by_gibbs(matrix, right, prior_sd, draws):
    """Draws (N, P) of parameters whose priors are ``1 / (1 + δ²/2σ²)`` within ten of σ.

    Each prior is a normal one of a random precision: exponential, of rate ``σ² + δ²/2``.
    """
    random, theta, drawn = np.random.default_rng(7), np.zeros(len(prior_sd)), []
    for _ in range(draws):
        precision = random.exponential(size=len(theta)) / (prior_sd**2 + 0.5 * theta**2)
        posterior = matrix + np.diag(precision + (FARTHEST_SD * prior_sd) ** -2.0)
        spread = np.linalg.cholesky(np.linalg.inv(posterior))
        theta = np.linalg.solve(posterior, right) + spread @ random.standard_normal(len(theta))
        drawn.append(theta)
    return np.array(drawn)


@pytest.mark.parametrize("seen", [0.0, 0.5, 2.0, 4.0, 8.0])
def test_what_is_stated_of_devices_are_means_and_variances_of_their_tails(seen):
    """A displacement or a turn that looks the same, and a device of which the data tell nothing."""
    prior_sd = np.array([3.0, 5.0, 2.0])
    row = np.array([1.0, 1.2, 0.0]) / 2.0
    matrix, right = np.outer(row, row) + np.diag([0.005, 0.005, 0.0]), row * seen * 5.0 / 2.0
    precision, pull = factors_of_tails(matrix, right, prior_sd, np.ones(3, dtype=bool))
    covariance = np.linalg.inv(matrix + np.diag(precision))
    mean, sd = covariance @ (right + pull), np.sqrt(np.diag(covariance))
    drawn = tails_by_gibbs(matrix, right, prior_sd, 20000)[200:]
    np.testing.assert_allclose(mean, drawn.mean(axis=0), atol=0.15 * sd.max())
    np.testing.assert_allclose(sd, drawn.std(axis=0), rtol=0.15)


def test_the_moments_of_a_tail_are_those_of_a_fine_grid():
    """Near 0, far out and between, where either is as probable."""
    mean, sd = np.array([0.0, 5.0, 12.0, 40.0, 3.0]), np.array([9.0, 2.0, 4.0, 5.0, 0.1])
    grid = np.linspace(-120.0, 120.0, 400001)
    moments = tail_moments(mean, sd, np.full(len(mean), 3.0))
    for number, (centre, variance) in enumerate(zip(*moments, strict=True)):
        density = np.exp(-0.5 * ((grid - mean[number]) / sd[number]) ** 2) / (1 + grid**2 / 18.0)
        expected = (density * grid).sum() / density.sum()
        assert centre == pytest.approx(expected, abs=0.005 * sd[number])
        spread = (density * (grid - expected) ** 2).sum() / density.sum()
        assert variance == pytest.approx(spread, rel=0.01)
