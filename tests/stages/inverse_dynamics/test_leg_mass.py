"""The finding that a fitted leg is lighter or heavier than people's."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from aqbio.body.de_leva import leg_share_limits
from aqbio.consistency.findings import leg_findings
from aqbio.virtual.athlete import Athlete, athlete_skeleton

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


@pytest.mark.parametrize("share", [LOW + 1e-4, 0.2, HIGH - 1e-4])
def test_people_have_such_legs(share):
    assert found(share) == []


@pytest.mark.parametrize(("share", "limit"), [(LOW - 1e-4, LOW), (HIGH + 1e-4, HIGH)])
def test_nobody_has_such_a_leg(share, limit):
    [one] = found(share)
    assert one.rule == "leg-mass"
    assert one.severity == "warning"
    assert one.number == pytest.approx(share)
    assert one.limit == limit
    assert "left leg" in one.what
    assert f"{100 * share:.1f} % of the body's mass" in one.what
    assert "16.1 to 20.9 %" in one.what
