"""Signs and clocks of forces by what they do to the body: motions made by drawn forces."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import cumulative_trapezoid

from aqbio.inverse_kinematics.force_signs import COMPONENTS, SourceLoads, factors
from aqbio.prepare.clock import shared_spans

RATE, MASS = 200.0, 70.0
TIME = np.arange(int(2.4 * RATE)) / RATE
STEP, CONTACT = 0.24, 0.13


def run(rng: np.random.Generator, sources: int) -> tuple[np.ndarray, np.ndarray, SourceLoads]:
    """Path of the centre of mass, angular momentum about it, and the loads that made them."""
    force = np.zeros((len(TIME), sources, 3))
    pressure = np.full((len(TIME), sources, 3), np.nan)
    free = np.zeros((len(TIME), sources))
    for number, start in enumerate(np.arange(0.05, TIME[-1] - CONTACT, STEP)):
        phase = (TIME - start) / CONTACT
        on, source, side = (phase > 0.0) & (phase < 1.0), number % sources, 1.0 - 2.0 * (number % 2)
        hump = np.sin(np.pi * phase[on])
        force[on, source, 1] = MASS * 9.80665 * STEP / CONTACT * 0.5 * np.pi * hump
        force[on, source, 0] = -rng.uniform(200.0, 400.0) * np.sin(2.0 * np.pi * phase[on])
        force[on, source, 2] = side * rng.uniform(50.0, 150.0) * hump
        free[on, source] = side * rng.uniform(3.0, 12.0) * hump
        pressure[on, source] = [5.0 * start + 0.3, 0.0, -0.05 * side]
    total = force.sum(axis=1) / MASS - [0.0, 9.80665, 0.0]

    def integral(values):
        return cumulative_trapezoid(values, TIME, axis=0, initial=0)

    com = np.array([0.0, 1.0, 0.0]) + TIME[:, None] * [5.0, 0.0, 0.1] + integral(integral(total))
    moment = np.cross(np.nan_to_num(pressure - com[:, None]), force)
    moment[..., 1] += free
    return com, integral(moment.sum(axis=1)), SourceLoads(force, pressure, free)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    sources=st.integers(1, 4),
    component=st.sampled_from(COMPONENTS),
    mask=st.integers(0, 15),
)
def test_a_sign_flipped_component_has_the_factor_minus_one(seed, sources, component, mask):
    """Of any plates, with the markers' centre of mass swaying by some millimetres."""
    rng = np.random.default_rng(seed)
    com, momentum, loads = run(rng, sources)
    sign_flipped = (mask >> np.arange(sources)) % 2 == 1
    sign = np.where(sign_flipped, -1.0, 1.0)
    force, free = loads.force.copy(), loads.free_moment
    if component == "free_moment":
        free = sign * free
    else:
        force[..., "xyz".index(component[-1])] *= sign
    recorded = SourceLoads(force, loads.pressure, free)
    complete, index = np.ones(len(TIME), dtype=bool), COMPONENTS.index(component)
    exact = factors(TIME, com, momentum, recorded, complete)
    np.testing.assert_allclose(exact.value[index], sign, atol=1e-3)


def test_force_factors_ignore_unmeasured_frames():
    """Frames without complete forces split the motion; too little of it says nothing."""
    com, momentum, loads = run(np.random.default_rng(3), 2)
    unmeasured = (TIME > 1.0) & (TIME < 1.2)
    force = np.where(unmeasured[:, None, None], 0.0, loads.force)
    partial = SourceLoads(force, loads.pressure, loads.free_moment)
    computed = factors(TIME, com, momentum, partial, ~unmeasured)
    np.testing.assert_allclose(computed.value[:2], 1.0, atol=2e-3)
    assert factors(TIME, com, momentum, loads, (TIME < 0.2) | unmeasured) is None


def test_flights_are_those_that_both_know():
    ours, theirs = np.array([[0.1, 0.2], [0.4, 0.5]]), np.array([[0.15, 0.3], [0.47, 0.6]])
    np.testing.assert_allclose(shared_spans(ours, theirs), [[0.15, 0.2]])
