"""What stage inverse dynamics says of clocks, plates and legs of a session."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from aqbio.body.de_leva import leg_share_limits
from aqbio.consistency.findings import leg_findings, session_findings
from aqbio.consistency.parameters import HALF_WIDTH, PARAMETERS, ParameterEstimate
from aqbio.virtual.athlete import Athlete, athlete_skeleton


def _fitted(late, sd, *, on=True):
    clock = SimpleNamespace(
        name="clock_offset", estimate=late, low=late - HALF_WIDTH * sd, high=late + HALF_WIDTH * sd,
        parameter=SimpleNamespace(on=on),
    )  # fmt: skip
    return SimpleNamespace(
        accepted=("run1", "run2"), standing={}, estimates=(clock,),
        fits={},
    )  # fmt: skip


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("share", [0.99, 1.01])
def test_a_clock_offset_is_said_when_its_interval_leaves_out_zero(sign, share):
    late = 0.004
    found = list(session_findings("P1", _fitted(sign * late, late / (share * HALF_WIDTH)), {}))
    assert [one.rule for one in found] == ["clock-offset"] * (share > 1.0)
    for one in found:
        assert f"forces come 4.0 ms {'late' if sign > 0 else 'early'} (90 % interval" in one.what
        assert (one.number, one.unit, one.participant) == (sign * late, "s", "P1")
    assert not list(session_findings("P1", _fitted(sign * late, 1e-4, on=False), {}))


def _turned(**found):
    """A session with plates turned by estimates and standard deviations."""
    session = _fitted(0.0, 0.001, on=False)
    plates = tuple(
        ParameterEstimate(next(one for one in PARAMETERS if one.name == name), *values)
        for name, values in found.items()
    )
    session.estimates = (*session.estimates, *plates)
    return session


@pytest.mark.parametrize("sds", [2.5, 2.7])
def test_plates_that_are_turned_are_said_with_their_numbers(sds):
    pitch = -0.0060
    session = _turned(plate_pitch=(pitch, -pitch / sds), plate_scale=(0.001, 0.001))
    found = list(session_findings("P1", session, {}))
    assert [one.rule for one in found] == ["plates-misaligned"] * (sds > 2.6)
    for one in found:
        assert "pitched -0.34 degrees (-0.55 to -0.13)" in one.what
        assert "6 mm per metre" in one.what
        assert "farther apart" not in one.what
        assert (one.number, one.unit) == (pitch, "rad")


LEG = ("femur_l", "tibia_l", "foot_l", "toes_l")
LOW, HIGH = leg_share_limits()


def found(share: float) -> list:
    """Findings of a fit whose left leg has a share of the body's mass."""
    body = athlete_skeleton(Athlete("runner", "male", 75.0, 1.8))
    leg = np.isin(body.bodies, LEG)
    own = body.mass[leg].sum() / body.mass.sum()
    mass = np.where(leg, body.mass * share / own, body.mass * (1 - share) / (1 - own))
    fit = SimpleNamespace(skeleton=replace(body, mass=mass))
    session = SimpleNamespace(runner=SimpleNamespace(skeleton=body), fits={"run": fit})
    return list(leg_findings("P1", session, {"leg_left": LEG}))


@pytest.mark.parametrize(("share", "limit"), [(LOW - 1e-4, LOW), (HIGH + 1e-4, HIGH)])
def test_nobody_has_such_a_leg(share, limit):
    assert found(limit + 0.5 * (limit - share)) == found(0.2) == []
    [one] = found(share)
    assert one.rule == "leg-mass"
    assert one.severity == "warning"
    assert one.number == pytest.approx(share)
    assert one.limit == limit
    assert "left leg" in one.what
    assert f"{100 * share:.1f} % of the body's mass" in one.what
    assert "16.1 to 20.9 %" in one.what
