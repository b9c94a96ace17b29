"""Faults are called by their names, and a sound trial is left alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.consistency import suspicion
from aqbio.consistency.balance import adjusted_skeleton
from aqbio.consistency.fit import fit_trial
from aqbio.consistency.observations import GroundWrench
from aqbio.consistency.parameters import (
    Runner,
    Weights,
    discount,
)
from aqbio.consistency.stances import Standing
from aqbio.consistency.suspicion import (
    FREE_MOMENT_GAIN,
    REVERSED,
    doubts,
    free_moment_gain,
    free_moment_reversed,
    nearer_other_foot,
    static_suspicions,
)
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.kinematics import segment_kinematics

WEIGHTS = Weights(knot_s=0.025)


def test_standing_off_the_cop():
    assert static_suspicions({}) == ()
    assert _doubted(fitted=(0.006, -0.006)) == ()
    [one] = _doubted(fitted=(0.015, 0.0))
    assert (one.cause, one.number) == ("static", pytest.approx(0.015))
    assert "fitted body is 15 mm" in one.what
    assert _doubted(fitted=(0.003, 0.0), given=(0.017, 0.0)) == ()
    [one] = _doubted(fitted=(0.003, 0.0), given=(0.0, -0.021))
    assert one.cause == "static"
    assert "in the static trial upright" in one.what
    assert "given body is 21 mm" in one.what


def test_one_posture_of_several_is_doubted():
    """The farthest beyond its limit is named."""
    far = Standing(*(np.array([away, 0.0]) for away in (0.002, 0.013, 0.0)))
    near = Standing(*(np.array([away, 0.0]) for away in (0.002, 0.003, 0.1)))
    [one] = static_suspicions({"upright": near, "lying": far})
    assert "in the static trial lying the centre of mass of the fitted body is 13 mm" in one.what


def _doubted(fitted, given=(0.0, 0.0)):
    one = Standing(np.array(given), np.array(fitted), np.zeros(2))
    return static_suspicions({"upright": one})


# on a run -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sound(case):
    """Give a run of 0.4 s: a fit takes a tenth of a second."""
    made = case(noise=0.004)
    seen, few = made.observations, slice(20, 100)
    plain = type(seen.plain)(
        *(values[few] for values in (seen.plain.q, seen.plain.u, seen.plain.udot))
    )
    cut = {name: getattr(seen, name)[few] for name in ("time", "markers", "measured", "start")}
    return replace(made, observations=replace(seen, plain=plain, **cut))


def found(made, **changes):
    runner = changes.pop("runner", made.runner)
    return causes(fit_trial(runner, replace(made.observations, **changes), WEIGHTS))


def causes(fit):
    return [one.cause for one in doubts(fit)]


@pytest.fixture(scope="module")
def fit(sound):
    return fit_trial(sound.runner, sound.observations, WEIGHTS)


def test_a_sound_run(fit):
    assert causes(fit) == []


@pytest.mark.parametrize(
    ("name", "value", "cause"),
    [
        ("clock_offset", 0.0061, "clock"),
        ("mass", -0.031, "mass"),
        ("leg_share", 0.26, "leg_mass"),
        ("pelvis_share", -0.26, "pelvis_mass"),
        ("centres_1", 3.1, "centres"),
        ("cop_offset_z", 0.0081, "cop"),
        ("drag_area", 0.1, "drag"),
    ],
)
def test_parameters_beyond_their_limits(fit, monkeypatch, name, value, cause):
    changed = [replace(one, estimate=value) if one.name == name else one for one in fit.estimates]
    monkeypatch.setattr(suspicion, "remaining_excess", lambda _: {"force_sign": 1.0})
    beyond = replace(fit, estimates=tuple(changed))
    words = f"the {name.replace('_', ' ')} that fits best"
    [one] = [one for one in doubts(beyond) if one.what.startswith(words)]
    assert (one.cause, one.number) == (cause, value)
    assert f"{value:.3g}" in one.what


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
    assert causes(fit) == []
    monkeypatch.setattr(suspicion, limit, 0.0)
    assert set(causes(fit)) == {LIMITS[limit]}


def test_a_wrong_sign_explains_all_else(fit, monkeypatch):
    """Of several the one that leaves least, if it leaves less than half."""
    monkeypatch.setattr(suspicion, "MARKERS_MOVED", 0.0)
    for left, expected in ((0.4, ["moment_y_sign"]), (0.6, ["markers"])):
        ways = {"force_sign": 0.9, "moment_y_sign": left}
        monkeypatch.setattr(suspicion, "remaining_excess", lambda _, ways=ways: ways)
        assert causes(fit) == expected


@pytest.mark.parametrize("way", ["force", "force_x", "force_z", "moment_y"])
def test_wrong_signs(sound, way):
    wrench = REVERSED[f"{way}_sign"][1](sound.observations.wrench)
    assert found(sound, wrench=wrench) == [f"{way}_sign"]


def test_a_wrong_sign_of_the_free_moment(sound):
    """A moment of 15 N m about the vertical at the COP, right and wrong."""
    made = sound.observations
    force, moment = made.wrench.force, made.wrench.moment
    own = free_moment_reversed(made.wrench)
    amplitude = np.abs(own.moment - moment)[:, 1].max() / 2.0
    assert amplitude > 15.0  # else nothing is to be seen
    assert found(sound) == []
    assert found(sound, wrench=replace(made.wrench, force=force, moment=own.moment)) == [
        "free_moment_sign"
    ]


@pytest.mark.parametrize("part", [0.05, 0.3, 1.0])
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


@pytest.mark.parametrize("way", list(REVERSED))
def test_turning_twice_is_nothing(sound, way):
    wrench = sound.observations.wrench
    twice = REVERSED[way][1](REVERSED[way][1](wrench))
    np.testing.assert_allclose(twice.force, wrench.force, atol=1e-9)
    np.testing.assert_allclose(twice.moment, wrench.moment, atol=1e-9)


def test_the_free_moment():
    """At a COP of (2, 0, 1) a force and 12 N m about the vertical."""
    force = np.tile([50.0, 800.0, -30.0], (12, 1))
    moment = np.cross([2.0, 0.0, 1.0], force) + np.array([0.0, 12.0, 0.0])
    turned = free_moment_reversed(GroundWrench(np.arange(12) / 100.0, force, moment))
    np.testing.assert_allclose(turned.moment, moment - [0.0, 24.0, 0.0], atol=1e-9)


def test_a_late_clock(sound):
    wrench = sound.observations.wrench
    late = GroundWrench(wrench.time + 0.02, wrench.force, wrench.moment)
    assert found(sound, wrench=late) == ["clock"]


@pytest.mark.parametrize("factor", [1.2, 0.85])
def test_a_wrong_mass(sound, factor):
    body = sound.runner.skeleton
    wrong = replace(body, mass=factor * body.mass, inertia=factor * body.inertia)
    assert found(sound, runner=Runner(wrong, sound.runner.groups))[0] == "mass"


def test_legs_of_another_body(sound):
    wrong = adjusted_skeleton(sound.runner, {"leg_share": 0.8})
    assert "leg_mass" in found(sound, runner=Runner(wrong, sound.runner.groups))


def test_the_other_foot(sound):
    """Both feet's loads below their own ankles, then exchanged."""
    fit = fit_trial(sound.runner, sound.observations, WEIGHTS)
    moves = segment_kinematics(fit.skeleton, fit.motion.q, fit.motion.u, fit.motion.udot)
    names = ("foot_l", "foot_r")
    height = [moves.origin[:, fit.skeleton.bodies.index(name), 1] for name in names]
    down = np.stack([height[0] < height[1], height[0] >= height[1]])
    loads = []
    for name, loaded in zip(names, down, strict=True):
        cop = moves.origin[:, fit.skeleton.bodies.index(name)] * [1, 0, 1]
        force = np.where(loaded[:, None], [0.0, 900.0, 0.0], 0.0)
        loads.append(ExternalLoad(name, force, np.cross(cop, force), np.zeros(3)))
    right = nearer_other_foot(fit, loads)
    exchanged = [
        replace(load, body=other.body) for load, other in zip(loads, loads[::-1], strict=True)
    ]
    assert right < 0.0
    assert nearer_other_foot(fit, exchanged) == pytest.approx(-right, rel=1e-9)
    assert np.isnan(nearer_other_foot(fit, loads[:1]))
