"""Intervals of contributions: each error source by step, foot and knot, against other methods."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from aqbio.body.draws import InertiaSpread, centre_covariance, inertia_draws, twins
from aqbio.contributions.intervals import (
    KNOTS,
    caused_dataset,
    drawn_dataset,
    intervals_dataset,
    stance_draws,
)
from aqbio.contributions.step_rows import RowTable, with_intervals
from aqbio.gait.steps import Contact, Step
from aqbio.intervals.sources import SOURCES, UNDISTURBED, load_errors, source_sds
from aqbio.intervals.step_uncertainty import NAMES, stance_sds
from aqbio.intervals.trial_draws import Sampling, TrialDraws, with_bodies
from aqbio.intervals.uncertainty import Spread, body_outcomes
from aqbio.inverse_dynamics.parameters import LoadSpread
from aqbio.names import AXES, NORMAL_95
from tests.levels_case import body_spread, smooth_run
from tests.made_contributions import STEP

EXACT = Spread(InertiaSpread(0.0, 0.0, 0.0, 0.0), LoadSpread(0.0, 0.0))
PLATES = replace(EXACT, loads=LoadSpread())
MASSES = replace(EXACT, inertia=replace(InertiaSpread(), centre=0.0))
TABLE = replace(EXACT, inertia=InertiaSpread(0.0, 0.12, 0.0, 0.0))
DRAWN_SOURCES = [source for source in SOURCES if source != "contact"]  # which needs no spread


@pytest.fixture(scope="module")
def run():
    return smooth_run(60)


def _draws(case, time, spread, sampling, heading=0.0, shape=0.0):
    levels = case.levels()
    draws = TrialDraws(levels, case.anatomy, time, heading, case.touching, spread, sampling)
    if not shape:
        return draws
    return with_bodies(
        draws, body_spread(case.skeleton, shape), np.ones(len(case.skeleton.markers))
    )


def interval_rows(draws, step, dataset=drawn_dataset):
    """Value, sd, the sds by source and interval of every outcome and axis of a stance."""
    data = dataset(draws, np.arange(len(draws.time))[draws.frames(step)])
    keys, values = stance_draws(draws, step, data)
    sources = data["uncertainty_source"].values.tolist()
    sds = source_sds(values, sources)
    rows = pd.DataFrame(np.repeat(keys, 3, axis=0), columns=list(NAMES))
    rows["axis"] = np.tile(list(AXES), len(keys))
    rows["value"] = values[sources.index(UNDISTURBED)].ravel()
    rows[list(SOURCES)] = sds.reshape(len(SOURCES), -1).T
    rows["sd"] = np.sqrt((sds**2).sum(axis=0)).ravel()
    return rows.assign(low=rows.value - NORMAL_95 * rows.sd, high=rows.value + NORMAL_95 * rows.sd)


def cause_rows(draws, step):
    return interval_rows(draws, step, caused_dataset)


def _rows(case, time, spread, step=STEP, count=60, seed=1, motions=60, shape=0.0):
    draws = _draws(
        case, time, spread, Sampling(count, seed, motions=motions, bodies=motions), shape=shape
    )
    return interval_rows(draws, step)


def test_exact_numbers_have_no_interval(run):
    case, time = run
    rows = _rows(case, time, EXACT, count=3)
    scale = rows[["low", "high"]].abs().to_numpy().max()
    np.testing.assert_allclose(rows["low"], rows["high"], rtol=0, atol=1e-12 * scale)
    inside = slice(10, 46)
    wrench = case.levels().hubs[0][0].wrench[inside]
    mean = np.trapezoid(wrench, time[inside], axis=0) / (time[45] - time[10])
    sources = ("upper_body", "leg_swing", "leg_push")
    for index, source in enumerate(sources):
        of_source = rows[(rows.level == "B") & (rows.source == source)]
        parts = [
            of_source[of_source.statistic == f"{part}_moment_mean"]["value"]
            for part in ("joint", "force")
        ]
        of_source = of_source[of_source.statistic == "moment_mean"]
        np.testing.assert_allclose(parts[0].to_numpy() + parts[1].to_numpy(), of_source["value"])
        np.testing.assert_allclose(of_source["low"], mean[index], rtol=0, atol=1e-9 * scale)
    mechanics, members = case.levels().mechanics, case.anatomy.groups["leg_left"]
    motion, gravity = mechanics.motion, case.skeleton.gravity
    weighed = motion.mass[:, None] * (motion.acceleration - gravity)
    leg = weighed[:, np.isin(case.skeleton.bodies, members)].sum(axis=1)
    for source, force in (
        ("swing_leg", leg), ("force_of_both_feet", mechanics.balance.force.sum(axis=1)),
    ):  # fmt: skip
        mean = np.trapezoid(force[inside], time[inside], axis=0) / (time[45] - time[10])
        statistic = rows.statistic.isin(("inertial_force_mean", "force_mean"))
        np.testing.assert_allclose(rows[statistic & (rows.source == source)]["value"], mean)


def test_centres_of_mass_estimated_from_forces_are_not_drawn_again(run):
    """Their covariance replaces the table's spread and the shifts of a drawn body."""
    case, time = run
    size = 3 * len(case.skeleton.bodies)
    exact_centres = replace(TABLE, centres=np.zeros((size, size)))
    half = replace(TABLE, centres=0.25 * _table(case))
    rows = {name: _rows(case, time, spread) for name, spread in
            (("table", TABLE), ("known", exact_centres), ("half", half))}  # fmt: skip
    scale = rows["table"]["sd"].max()
    np.testing.assert_allclose(rows["known"]["sd"], 0.0, atol=1e-9 * scale)
    wide = rows["table"]["sd"] > 1e-3 * scale
    ratio = (rows["half"]["sd"] / rows["table"]["sd"])[wide]
    assert ratio.median() == pytest.approx(0.5, rel=0.15)  # of 60 draws each
    causes = cause_rows(_draws(case, time, exact_centres, Sampling(60, 1)), STEP)
    np.testing.assert_allclose(causes[DRAWN_SOURCES], 0.0, atol=1e-9 * causes["value"].abs().max())
    free, fixed = (_rows(case, time, spread, shape=1.0) for spread in (EXACT, exact_centres))
    momentum = free.statistic == "momentum_mean"
    assert fixed["sd"][momentum].sum() < 0.9 * free["sd"][momentum].sum()


def _table(case):
    twin = twins(case.skeleton.bodies, case.anatomy.groups)
    return centre_covariance(case.skeleton, InertiaSpread(), twin)


@pytest.mark.parametrize(
    ("spread", "shape", "expected"),
    [(MASSES, 0.0, {"inertia"}), (TABLE, 0.0, {"centres"}), (PLATES, 0.0, {"plates"}),
     (EXACT, 1.0, {"body", "skin"})],
)  # fmt: skip
def test_one_source_alone_has_all_the_variance(run, spread, shape, expected):
    rows = _rows(*run, spread, count=8, motions=4, shape=shape)
    scale = rows["sd"].max()
    for source in SOURCES:
        if source in expected:
            assert rows[source].max() > 1e-3 * scale
        else:
            np.testing.assert_allclose(rows[source], 0.0, atol=1e-11 * scale)
    causes = cause_rows(_draws(*run, spread, Sampling(8, 1, 8, 2, 2), shape=shape), STEP)
    assert {
        source
        for source in DRAWN_SOURCES
        if causes[source].max() > 1e-6 * causes[DRAWN_SOURCES].max().max()
    } <= expected


def test_plates_move_the_mean_force_and_no_part_of_it(run):
    """Shares take both errors to be independent; plates that may be turned push sideways, too."""
    case, time = run
    turn = (0.002, 0.001, 0.003)
    rows = _rows(case, time, replace(EXACT, loads=LoadSpread(0.0, 0.0, turn)), count=3)
    inside = slice(10, 46)
    of_feet = np.trapezoid(case.levels().mechanics.balance.force[inside], time[inside], axis=0)
    changes = np.cross(np.diag(turn)[:, None], of_feet)  # of each turn, of each foot's force
    sd = np.sqrt((changes**2).sum(axis=(0, 1))) / (time[45] - time[10])
    is_force = (rows.level == "force") & (rows.statistic == "force_mean")
    np.testing.assert_allclose(rows[is_force]["sd"], sd, rtol=0.02)
    assert (rows[rows.statistic == "inertial_force_mean"]["sd"] <= 1e-9 * sd.max()).all()
    shape = _rows(case, time, MASSES, count=3, motions=3, shape=1.0)
    is_part = shape.statistic == "inertial_force_mean"
    assert (shape[is_part]["sd"] > 0.0).all()
    assert (shape[is_force]["sd"] <= 1e-9 * shape[is_part]["sd"].max()).all()


def test_a_share_of_a_force_that_may_be_zero_is_not_known():
    """Errors of 1 N of the whole force and 2 N of a part; half of it where it is 10 N."""
    force = np.array([0.0, 1.9, 10.0, -10.0])
    part = np.array([5.0, 5.0, 5.0, 5.0])
    of_arms, whole = ("force", "arms", "ground"), ("force", "force_of_both_feet", "whole_body")
    names = (
        (*of_arms, "x", "stance", "inertial_force_mean", "N"),
        (*whole, "x", "stance", "force_mean", "N"),
        (*of_arms, "x", "stance", "inertial_share", "1"),
    )
    share = np.divide(part, force, out=np.full(4, np.nan), where=force != 0.0)
    rows = RowTable(
        names, np.ones((4, 3), dtype=bool), {"value": np.stack([part, force, share], axis=1)}
    )
    half = {
        (*of_arms, "inertial_force_mean"): {"x": 2.0 * NORMAL_95},
        (*whole, "force_mean"): {"x": NORMAL_95},
    }
    numbers = with_intervals(rows, [STEP] * 4, {STEP.side: half}).numbers
    off = NORMAL_95 * np.hypot(2.0, 0.5) / 10.0
    np.testing.assert_allclose(numbers["value"][:, 2], [np.nan, np.nan, 0.5, -0.5])
    np.testing.assert_allclose(numbers["low"][2:, 2], [0.5 - off, -0.5 - off])
    np.testing.assert_allclose(numbers["high"][2:, 2], [0.5 + off, -0.5 + off])
    assert np.isnan([numbers["low"][:2, 2], numbers["high"][:2, 2]]).all()
    unknown = with_intervals(rows, [STEP] * 4, {STEP.side: {}}).numbers  # nothing was drawn
    np.testing.assert_array_equal(unknown["value"], rows.numbers["value"])
    assert np.isnan(unknown["low"]).all()


def test_variances_of_the_sources_add_up_to_those_of_draws_of_all_together(run):
    """Masses, centres and plates against 500 draws that change all of them at once."""
    case, time = run
    draws = _draws(case, time, Spread(), Sampling(500, 1))
    frames = draws.frames(STEP)
    mechanics, generator = draws.levels.mechanics, np.random.default_rng(7)
    inertia, spread = draws.spread.inertia, draws.spread.loads
    joint = body_outcomes(
        mechanics.skeleton, mechanics.kinematics.frames(frames),
        [load.frames(frames) for load in mechanics.loads], draws.parts,
        inertia_draws(mechanics.skeleton, inertia, draws.parts.twin, 500, generator),
        load_errors(spread, 2, 500, generator),
    )  # fmt: skip
    stance_time = time[frames]
    for name, variable in (("momentum", "group_angular_momentum"), ("joint_moment", "joint_moment"),
                       ("residual_moment", "residual_moment")):  # fmt: skip
        data = drawn_dataset(draws, np.arange(len(time))[frames])
        mean = np.trapezoid(data[variable].values, stance_time, axis=1)
        summed = np.sqrt((source_sds(mean, data["uncertainty_source"].values) ** 2).sum(axis=0))
        values = np.trapezoid(getattr(joint, name), stance_time, axis=1)
        if name == "joint_moment":
            values = values[:, : len(case.anatomy.joints)]
        joint_sd = values.std(axis=0)
        wide = joint_sd > 1e-6 * joint_sd.max()
        ratio = (summed / joint_sd)[wide]
        assert np.median(ratio) == pytest.approx(1.0, abs=0.04), name
        assert np.abs(ratio - 1.0).max() < 0.2, name


def test_a_late_clock_moves_a_stance_mean_by_its_mean_rate(run):
    """The motion is earlier and later by the clock's error; contacts and forces stay."""
    case, time = run
    later = 1e-4
    levels = case.levels()
    draws = TrialDraws(levels, case.anatomy, time, 0.0, case.touching, EXACT, Sampling(2, 1))
    without_clock = with_bodies(draws, body_spread(case.skeleton, 0.0), np.ones(_markers(case)))
    moved = with_bodies(
        draws, body_spread(case.skeleton, 0.0), np.ones(_markers(case)), clock=later
    )
    assert "clock" not in without_clock.motions
    rows = interval_rows(moved, STEP).set_index(["source", "statistic", "axis"])
    for part in ("push_leg", "arms", "torso"):
        for axis in AXES:
            rate = rows.loc[(part, "moment_mean", axis), "value"]
            sd = rows.loc[(part, "momentum_mean", axis), "clock"]
            assert sd == pytest.approx(later * abs(rate), rel=0.02, abs=1e-6)
    weight = rows.loc[("residual_moment", "moment_mean", "z"), "clock"]
    assert weight > 0.0  # forces stay while the body goes on


def _markers(case):
    return len(case.skeleton.markers)


def test_the_posterior_of_a_fit_is_an_error_source(run):
    """Two samples, in which the push leg has 2 and -2 kg m²/s more about the vertical."""
    case, time = run
    draws = TrialDraws(case.levels(), case.anatomy, time, 0.0, case.touching, EXACT, Sampling(2, 1))
    contact = Contact("right", STEP.touchdown, STEP.toe_off, complete=True, edge_distance=0.2)
    off = np.zeros((2, len(time), len(draws.levels.groups), 3))
    push_leg = list(draws.levels.groups).index("leg_right")
    off[:, :, push_leg, 1] = np.array([2.0, -2.0])[:, None]
    samples = {"group_angular_momentum": off}
    with_samples, without = (
        intervals_dataset(draws, [contact], 0.3, off_samples) for off_samples in (samples, None)
    )
    sds, before = (stance_sds(intervals, "right") for intervals in (with_samples, without))
    motion = SOURCES.index("motion")
    assert sds.keys() == before.keys()
    total = sds["A", "total", "whole_body", "momentum_mean"]
    np.testing.assert_allclose(total[motion], [0.0, 2.0, 0.0], atol=1e-6)
    np.testing.assert_allclose(np.delete(total, motion, 0), 0.0, atol=1e-6)
    assert sds["H1", "push_leg_offset", "whole_body", "stance_index"][motion, 1] > 0.0
    assert sds["A", "total", "whole_body", "moment_mean"].max() < 1e-9
    assert not any(sds[motion].any() for sds in before.values())


@pytest.fixture(scope="module")
def draws():
    case, time = smooth_run(60)
    levels = case.levels()
    return TrialDraws(levels, case.anatomy, time, 0.0, case.touching, Spread(), Sampling(24, 1, 8))


def _dataset(draws, step=STEP):
    """Curves of a step whose next touchdown, of the other foot, makes its flight."""
    contacts = [Contact(step.side, step.touchdown, step.toe_off, True, 0.2)]
    if np.isfinite(step.next_touchdown):
        opposite, start = ("left", "right")[step.side == "left"], step.next_touchdown
        contacts.append(Contact(opposite, start, start + 0.05, False, 0.2))
    return intervals_dataset(draws, contacts, 0.3)


def test_plates_make_the_external_moment_as_unsure_as_they_are(run):
    """Var M_y = Σ over feet of (gain M_y)² + place² (F_x² + F_z²); the residual likewise."""
    case, time = run
    draws = _draws(case, time, PLATES, Sampling(1, 1, 8))
    frames = draws.frames(STEP)
    balance, spread = draws.levels.mechanics.balance, LoadSpread()
    moment = (balance.moment_of_force + balance.free_moment)[frames, :, 1]
    force = balance.force[frames]
    variance = (spread.gain * moment) ** 2
    variance += spread.position**2 * (force[..., 0] ** 2 + force[..., 2] ** 2)
    expected = np.sqrt(variance.sum(axis=1))
    at = (time[frames] - STEP.touchdown) / STEP.contact
    curves = _dataset(draws).sel(stance_foot="right", phase="stance", axis="y")
    for name in ("external_moment", "residual_moment"):
        sd = curves[f"sd_{name}"].values
        np.testing.assert_allclose(sd, np.interp(KNOTS, at, expected), rtol=1e-6)
    assert np.nanmax(curves["sd_angular_momentum"].values) < 1e-6


def test_a_sample_moves_what_the_push_leg_offsets_by_its_own_momentum(run):
    """Samples in which a group turns twice as fast, not at all, or the other way round.

    The numbers of such a body, by plain sums, less those of the fitted motion.
    """
    case, time = run
    draws = TrialDraws(case.levels(), case.anatomy, time, 0.3, case.touching, EXACT, Sampling(2, 1))
    frames = draws.frames(STEP)
    frames = slice(frames.start, frames.stop)
    groups = list(draws.levels.groups)
    data = drawn_dataset(draws, np.arange(len(time)))
    momentum = data["group_angular_momentum"].values[
        data["uncertainty_source"].values.tolist().index(UNDISTURBED)
    ]
    changes = [(name, factor) for name in ("leg_left", "leg_right") for factor in (1.0, -0.5, -2.0)]
    off = np.zeros((len(changes), *momentum.shape))
    for number, (name, factor) in enumerate(changes):
        off[number, ..., groups.index(name), 1] = factor * momentum[:, groups.index(name), 1]

    def numbers(vertical):
        of = {name: vertical[:, index] for index, name in enumerate(groups)}
        return -(of["leg_right"] @ of["leg_left"]) / (of["leg_left"] @ of["leg_left"])

    inside = momentum[frames, :, 1]
    moved = [numbers(inside + change_of_momentum) for change_of_momentum in off[:, frames, :, 1]]
    expected = np.array(moved) - numbers(inside)
    assert np.abs(expected).max() > 1e-2
    contact = Contact("right", STEP.touchdown, STEP.toe_off, complete=True, edge_distance=0.2)
    intervals = intervals_dataset(draws, [contact], 0.3, {"group_angular_momentum": off})
    sources = intervals["motion_outcome_source"].values.tolist()
    deviation = intervals["motion_deviation"].sel(axis="y").values[0]
    computed = deviation[:, sources.index("push_leg_offset")]
    np.testing.assert_allclose(computed, expected, rtol=1e-3, atol=1e-12)


@pytest.mark.parametrize("heading", [0.4, -2.0])
def test_a_sample_is_rotated_to_the_heading_of_the_run(run, heading):
    """2 kg m²/s about the direction of travel and 1 about the vertical, whichever way that is."""
    case, time = run
    levels = case.levels()
    draws = TrialDraws(levels, case.anatomy, time, heading, case.touching, EXACT, Sampling(2, 1))
    off = np.zeros((1, len(time), len(draws.levels.groups), 3))
    off[0, :, 0] = [2.0 * np.cos(heading), 1.0, -2.0 * np.sin(heading)]
    contact = Contact("right", STEP.touchdown, STEP.toe_off, complete=True, edge_distance=0.2)
    intervals = intervals_dataset(draws, [contact], 0.3, {"group_angular_momentum": off})
    names = zip(
        *(
            intervals[f"motion_outcome_{coordinate}"].values
            for coordinate in ("source", "statistic")
        ),
        strict=True,
    )
    index = list(names).index(("total", "momentum_mean"))
    deviation = intervals["motion_deviation"].values[0, 0, index]
    np.testing.assert_allclose(deviation, [2.0, 1.0, 0.0], rtol=1e-3, atol=1e-6)


def test_means_of_contacts_that_a_filter_made_longer_are_wider_and_impulses_are_not():
    """A contact that looks 10 of 100 ms longer than it is has a mean that is a tenth lower."""
    name = ("C", "push_side", "ground", "y", "stance")
    names = ((*name, "force_mean", "N"), (*name, "force_impulse", "N s"))
    values = {"value": np.array([[1000.0, 100.0]])}
    table = RowTable(names, np.ones((1, 2), np.bool_), values)
    step = Step(1, "right", 0.0, 0.1, 0.2, "ok", "")
    half = {"right": {("C", "push_side", "ground", "force_mean"): {"y": 50.0}}}
    plain, longer = (with_intervals(table, [step], half, misread) for misread in (0.0, 0.01))
    width = (longer.numbers["high"] - longer.numbers["low"])[0] / 2.0
    assert width == pytest.approx([np.hypot(50.0, 100.0), 5.0])
    assert (plain.numbers["high"] - plain.numbers["low"])[0] / 2.0 == pytest.approx([50.0, 5.0])
