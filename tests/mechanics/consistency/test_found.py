"""Faults are called by their names: a table of runs with faults, and all that is found of each."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from aqbio.consistency import solver as solvers
from aqbio.consistency import suspicion
from aqbio.consistency.balance import (
    adjusted_loads,
    adjusted_skeleton,
    centre_estimates,
    centre_shifts,
)
from aqbio.consistency.changes import (
    leg_shares,
    moment_changes,
    momentum_changes,
    standing_changes,
)
from aqbio.consistency.data_errors import Response
from aqbio.consistency.fit import fit_trial
from aqbio.consistency.marker_rows import ErrorBands, stride_cycles
from aqbio.consistency.observations import GroundWrench, measured_frames
from aqbio.consistency.parameters import (
    PARAMETERS,
    ParameterEstimate,
    Runner,
    Weights,
    centre_parameters,
    discount,
    prior_precision,
)
from aqbio.consistency.session_inputs import parameters
from aqbio.consistency.solver import converged
from aqbio.consistency.stances import Standing, StaticStance
from aqbio.consistency.suspicion import (
    FREE_MOMENT_GAIN,
    REVERSED,
    added_slip,
    doubts,
    farthest_centre,
    free_moment_gain,
    free_moment_reversed,
    nearer_other_foot,
    segment_displacements,
    static_suspicions,
    sudden_change,
)
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.multibody.motion import Motion
from aqbio.virtual.athlete import athlete_skeleton
from tests.golden import differences
from tests.mechanics.consistency.conftest import centre_values, stepping
from tests.mechanics.examples import answers
from tests.mechanics.levels_case import RUNNER, map_of

WEIGHTS = Weights(knot_s=0.025)


@pytest.fixture(scope="module")
def sound(case):
    """Give a run of 0.4 s with two contacts: a fit takes a tenth of a second."""
    made = case(noise=0.004)
    seen, few = made.observations, slice(20, 100)
    plain = Motion(*(values[few] for values in (seen.plain.q, seen.plain.u, seen.plain.udot)))
    cut = {name: getattr(seen, name)[few] for name in ("time", "markers", "measured", "start")}
    return replace(made, observations=stepping(replace(seen, plain=plain, **cut), 0.2))


@pytest.fixture(scope="module")
def fit(sound):
    return fit_trial(sound.runner, sound.observations, WEIGHTS)


def loads_of(fit, *, exchanged=False):
    """The loads of both feet: of each while it is the lower one, below its ankle."""
    moves = segment_kinematics(fit.skeleton, fit.motion.q, fit.motion.u, fit.motion.udot)
    names = ("foot_l", "foot_r")
    ankle = np.stack([moves.origin[:, fit.skeleton.bodies.index(one)] for one in names])
    lower = ankle[..., 1].argmin(axis=0) == np.arange(2)[:, None]
    force = np.where(lower[..., None], [0.0, 900.0, 0.0], 0.0)
    moment = np.cross(ankle * [1, 0, 1], force)
    named = names[::-1] if exchanged else names
    return [
        ExternalLoad(x, f, m, np.zeros(3)) for x, f, m in zip(named, force, moment, strict=True)
    ]


SIGNS = ("force_sign", "force_x_sign", "free_moment_sign")
FAULTS = {
    "nothing": lambda _: {},
    **{one: lambda x, one=one: {"wrench": REVERSED[one][1](x.wrench)} for one in SIGNS},
    "late": lambda x: {"wrench": replace(x.wrench, time=x.wrench.time + 0.02)},
    "hardly late": lambda x: {"wrench": replace(x.wrench, time=x.wrench.time + 0.004)},
    "half measured": lambda x: {"measured": x.measured & (np.arange(len(x.time)) < 40)},
    "a gap": lambda x: {"measured": x.measured & (abs(np.arange(len(x.time)) - 40) > 9)},
    "not measured": lambda x: {"measured": 0 * x.measured > 0},
    "no contacts": lambda x: {"contacts": x.contacts[:0], "left": x.left[:0]},
    "belt": lambda x: {"drag": False},
    "hidden": lambda x: {"markers": np.where((np.arange(36) % 9 == 0)[:, None], np.nan, x.markers)},
    "uneven": lambda x: {"time": x.time**2},
}
BODIES = {
    "heavy": lambda x: replace(x, mass=1.2 * x.mass, inertia=1.2 * x.inertia),
    "bent": lambda x: replace(x, com=x.com + 0.01),
}
BLAMED = {
    **{one: [one] for one in SIGNS}, "nothing": [], "late": ["clock", "joint_moment"],
    "hardly late": [], "heavy": ["mass", "markers"],
}  # fmt: skip
"""Causes that must be named, and no other."""


def found(fit):
    """All that is said of a fit: estimates, what it moved, what is doubted."""
    loads = loads_of(fit)
    sizes = Response(fit.linearised()).estimated_sizes(np.random.default_rng(0))
    return {
        "estimates": {one.name: [one.estimate, one.sd] for one in fit.estimates},
        "cost": fit.cost,
        "residual": [np.std(one.rows, axis=0) for one in (fit.before, fit.after)],
        "motion": (fit.motion.q, fit.motion.u, fit.motion.udot),
        "markers": segment_displacements(fit, fit.measured),
        "slip": added_slip(fit),
        "sudden": sudden_change(fit, loads),
        "foot": [nearer_other_foot(fit, loads_of(fit, exchanged=one)) for one in (False, True)],
        "gain": free_moment_gain(fit),
        "centre": farthest_centre(fit.runner, fit.values),
        "shifts": centre_shifts(fit.runner, fit.values),
        "open": centre_estimates(fit.runner, fit.estimates, fit.covariance),
        "sizes": sizes,
        "doubts": [f"{one.cause}: {one.what}" for one in doubts(fit, loads)],
    }


def test_fits_of_faulty_runs_are_what_they_were(sound):
    """And blame what was done to the run, and nothing else."""
    seen, runner, said = sound.observations, sound.runner, {}

    def fitted(name, runner=runner, fixed=None, **changes):
        made = replace(seen, **changes)
        every = found(fit_trial(runner, made, WEIGHTS, **{} if fixed is None else {"fixed": fixed}))
        said[name] = [one.partition(":")[0] for one in every["doubts"]]
        return every

    examples = {"fixed": lambda: fitted("fixed", fixed={"leg_share": 0.05})}
    for name, change in BODIES.items():
        body = Runner(change(runner.skeleton), runner.groups)
        examples[name] = lambda name=name, body=body: fitted(name, body)
    for name, change in FAULTS.items():
        examples[name] = lambda name=name, change=change: fitted(name, **change(seen))
    assert differences("fits", answers(examples)) == []
    assert {name: said[name] for name in BLAMED} == BLAMED


# limits ------------------------------------------------------------------------------------------

LIMITS = {
    "MARKERS_MOVED": "markers", "RESIDUAL_FORCE": "residual", "RESIDUAL_MOMENT": "residual",
    "WRONG_MASS": "mass", "CENTRES_BELIEVED": "centres", "DISPLACED": "soft_tissue",
    "ONE_SIDED": "one_sided", "SUDDEN": "joint_moment", "ADDED_SLIP": "slip", "OTHER_FOOT": "foot",
    "FREE_MOMENT_GAIN": "free_moment_sign",
}  # fmt: skip


@pytest.mark.parametrize("limit", LIMITS)
def test_numbers_beyond_their_limits(fit, monkeypatch, limit):
    """With each limit at nothing, a sound fit is doubted for that and nothing else."""
    monkeypatch.setattr(suspicion, "remaining_excess", lambda _: {"force_sign": 1.0})
    monkeypatch.setattr(suspicion, "sudden_change", lambda *_: ("hip", 1.0))
    monkeypatch.setattr(suspicion, "added_slip", lambda _: 0.001)
    monkeypatch.setattr(suspicion, "nearer_other_foot", lambda *_: 0.01)
    monkeypatch.setattr(suspicion, "free_moment_gain", lambda _: 0.1)
    assert [one.cause for one in doubts(fit)] == []
    monkeypatch.setattr(suspicion, limit, 0.0)
    assert {one.cause for one in doubts(fit)} == {LIMITS[limit]}


def test_a_wrong_sign_explains_all_else(fit, monkeypatch):
    """Of several the one that leaves least, if it leaves less than half."""
    monkeypatch.setattr(suspicion, "MARKERS_MOVED", 0.0)
    for left, expected in ((0.4, ["moment_y_sign"]), (0.6, ["markers"])):
        ways = {"force_sign": 0.9, "moment_y_sign": left}
        monkeypatch.setattr(suspicion, "remaining_excess", lambda _, ways=ways: ways)
        assert [one.cause for one in doubts(fit)] == expected


@pytest.mark.parametrize("part", [0.05, 1.0])
def test_the_equations_at_the_end_tell_what_a_turned_free_moment_would_gain(sound, part):
    """Without another fit, as that would have it; of another sign the fit itself is asked."""
    made = sound.observations
    vertical = free_moment_reversed(made.wrench).moment - made.wrench.moment  # of the COP: twice
    less = replace(made.wrench, moment=made.wrench.moment + 0.5 * (1.0 - part) * vertical)
    fit = fit_trial(sound.runner, replace(made, wrench=less), WEIGHTS)
    other = fit_trial(
        fit.runner, replace(fit.observations, wrench=free_moment_reversed(less)), fit.weights,
        fit.solver.parameters, fit.values, fit,
    )  # fmt: skip
    gain = (fit.cost[-1] - other.cost[-1]) / discount(made.rate)
    assert free_moment_gain(fit) == pytest.approx(gain, rel=0.3)
    assert free_moment_gain(other) > FREE_MOMENT_GAIN


def test_wrenches_turned_round_and_seen_between_their_samples(sound):
    """Turned twice is nothing; at a COP of (2, 0, 1) a force and 12 N m about the vertical."""
    wrench = sound.observations.wrench
    for _, turned in REVERSED.values():
        twice = turned(turned(wrench))
        np.testing.assert_allclose(twice.force, wrench.force, atol=1e-9)
        np.testing.assert_allclose(twice.moment, wrench.moment, atol=1e-9)
    force = np.tile([50.0, 800.0, -30.0], (12, 1))
    moment = np.cross([2.0, 0.0, 1.0], force) + np.array([0.0, 12.0, 0.0])
    turned = free_moment_reversed(GroundWrench(np.arange(12) / 100.0, force, moment))
    np.testing.assert_allclose(turned.moment, moment - [0.0, 24.0, 0.0], atol=1e-9)
    time, phase = np.arange(50) / 100.0, np.arange(3)
    wave = np.sin(20 * time[:, None] + phase)
    swings, later = GroundWrench(time, wave, 2.0 * wave), time[10:-10, None] + 0.0037
    force, moment = swings.at(later[:, 0])
    np.testing.assert_allclose(force, np.sin(20 * later + phase), atol=1e-5)
    np.testing.assert_allclose(moment, 2.0 * np.sin(20 * later + phase), atol=2e-5)
    slope = 20 * np.cos(20 * later + phase)
    np.testing.assert_allclose(swings.at(later[:, 0], 1)[0], slope, atol=5e-3)


# rows --------------------------------------------------------------------------------------------

TIME = np.arange(0.0, 2.0, 0.005)
SPANS = {
    "two": ([(0.5, 0.6), (0.72, 0.82)], [True, True], None),
    "short flight": ([(0.5, 0.6), (0.65, 0.75)], [True, True], None),
    "one": ([(0.5, 0.6)], [True], None),
    "one, told its flight": ([(0.5, 0.6)], [True], 0.06),
    "one, no flight": ([(0.5, 0.6)], [True], 0.0),
    "one missed": ([(0.5, 0.6), (0.94, 1.04)], [True, True], None),
    "one cut": ([(0.5, 0.6), (0.72, 0.82), (0.94, 1.04)], [True, False, True], None),
    "overlap": ([(0.5, 0.62), (0.6, 0.7), (0.7, 0.8)], [True, True, True], None),
}


def _changed(before):
    """The torso's centre elsewhere, one leg twice as heavy, momentum and moments that differ."""
    random, com, mass = np.random.default_rng(0), before.com.copy(), before.mass.copy()
    com[before.bodies.index("torso")] += [0.02, -0.04, 0.01]
    groups = map_of("sprint").groups
    mass[np.isin(before.bodies, groups["leg_left"])] *= 2.0
    after = replace(before, com=com, mass=mass)
    stance = StaticStance(before.coordinate_default, np.array([0.1, 0.0, -0.2]))
    standing = Standing(*random.normal(0.0, 0.01, (3, 2)))
    one, away = random.standard_normal((2, 50, 3, 3))
    forces = random.standard_normal((50, len(before.coordinates)))
    turned = np.where(np.arange(forces.shape[1]) == 9, -2.0, 1.0) * forces
    return {
        "legs": leg_shares(before, after, {"leg_left": groups["leg_left"]}),
        "standing": standing_changes(before, after, stance, standing, 1.8),
        "no stature": standing_changes(before, after, stance, standing, None),
        "momentum": momentum_changes(["a", "b", "c"], one, one + away),
        "moments": moment_changes(before, forces, turned),
    }


def _examples(stick):
    for name, (spans, complete, flight) in SPANS.items():
        own = np.array(spans, float), np.array(complete), flight
        yield f"measured {name}", lambda own=own: measured_frames(TIME, *own)
    for history in product((1.0, 0.9991, 0.9989, 0.9), repeat=2):
        for share in (0.5, 1.0):
            yield f"end {history} {share}", lambda a=([1.0, *history], share): converged(*a)
    for count in (solvers.MOST_STEPS, solvers.MOST_STEPS + 1):
        yield f"steps {count}", lambda count=count: converged([2.0**-n for n in range(count)])
    for strides in (1.99, 2.01, 4.3):
        bands = ErrorBands.over(TIME, np.linspace(0.0, strides, len(TIME)))
        yield f"strides {strides}", lambda one=bands: [one.harmonics, one.count, one.slow]
    for touchdown, left in (
        ([0.5, 0.74, 1.22, 1.46], [True, False, False, True]),  # the third step was not seen
        ([np.nan, 0.5, 0.74], [False, True, False]),
        ([np.nan, 0.5], [False, True]),
    ):
        own = np.array(touchdown), np.array(left)
        yield f"cycles {touchdown}", lambda own=own: stride_cycles(TIME, *own)
    for given, own in product(((0.0, 0.0), (0.017, 0.0), (0.0, -0.021)), (0.0, 0.006, 0.013)):
        one = Standing(np.array(given), np.array([own, -own]), np.zeros(2))
        yield f"standing {given} {own}", lambda one=one: static_suspicions({"a": one, "b": one})
    for one, size in product((*PARAMETERS, *centre_parameters(2)), (-1.01, -0.99, 0.99, 1.01)):
        own = ParameterEstimate(one, one.prior + size * (one.highest - one.prior), 0.001)
        yield f"{one.name} {size}", lambda x=own: [x.low, x.high, x.beyond_limit]
    for asked in (False, True):
        every = parameters(0.45, align_plates=asked)
        yield f"aligned {asked}", lambda every=every: (every, prior_precision(every))
    shares = {"leg_share": 0.1, "mass": -0.02, "pelvis_share": 0.1}
    for name, values in (("shares", shares), ("torso", centre_values(stick, torso=(0.1, 0, 0)))):
        body = adjusted_skeleton(stick, values)
        yield name, lambda x=body, v=values: (x.mass, x.com, x.inertia, farthest_centre(stick, v))
    wave = np.stack([np.sin(k * TIME) for k in (9, 5, 7)], axis=1)
    load = ExternalLoad("foot_r", 800.0 * wave, 7.0 * wave, np.array([0.4, 0.0, -0.1]))
    values = {"clock_offset": 0.004, "cop_offset_x": 0.005, "cop_offset_z": -0.002, "mass": 0.1}
    yield "loads", lambda: adjusted_loads([load], TIME, values | {"plate_yaw": 0.01})
    yield "changes", lambda: {k: list(v) for k, v in _changed(athlete_skeleton(RUNNER)).items()}
    yield "tissue", lambda: list(stick.tissue)
    arms = {**stick.groups, "arm_left": ("arm_l",)}
    yield "partition", lambda: Runner(stick.skeleton, arms)
    trunk = {**stick.groups, "pelvis": ("pelvis", "torso")}
    yield "no torso", lambda: Runner(stick.skeleton, {k: trunk[k] for k in trunk if k != "torso"})


def test_rows_and_limits_are_what_they_were(stick):
    assert differences("consistency", answers(dict(_examples(stick)))) == []
