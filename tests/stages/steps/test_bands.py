"""Runs as people run, and forces that carry the weight: just inside and just outside."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.config.settings import Quality
from aqbio.steps.quality import COLUMNS, band, band_rows

LIMITS = Quality()
KEY = {"participant_id": "P1", "trial_id": "fast"}


def step(**changes: object) -> dict[str, object]:
    """A step of somebody in the middle of every band at 9 m/s; the weight is borne exactly."""
    contact, flight = 0.1125, 0.125
    return {
        "status": "ok", "step_flags": None, "speed_mps": 9.0,
        "contact_s": contact, "flight_s": flight,
        "step_frequency_hz": 4.3, "step_length_m": 2.125, "peak_vertical_force_bw": 3.75,
        "mean_vertical_force_bw": (contact + flight) / contact,
    } | changes  # fmt: skip


def found(*steps: dict[str, object]) -> dict[str, dict[str, object]]:
    """Rows by measure."""
    return {row["measure"]: row for row in band_rows(LIMITS, KEY, steps)}


def test_who_runs_as_people_do_passes():
    rows = found(step(), step())
    assert set(rows) == {f"band_{name}" for name in COLUMNS} | {"vertical_impulse"}
    assert {row["verdict"] for row in rows.values()} == {"ok"}
    assert max(row["value"] for row in rows.values()) < 1e-12


@pytest.mark.parametrize("quantity", COLUMNS)
@pytest.mark.parametrize("end", [0, 1])
def test_limits(quantity, end):
    low, high = band(quantity, 9.0)
    edge = (low, high)[end]
    sign = (-1.0, 1.0)[end]
    for share, verdict in ((0.199, "ok"), (0.201, "warning")):
        row = found(step(**{COLUMNS[quantity]: edge * (1 + sign * share)}))[f"band_{quantity}"]
        assert row["value"] == pytest.approx(share)
        assert row["verdict"] == verdict
        assert "at 9.0 m/s" in row["note"]


@pytest.mark.parametrize(("gain", "verdict"), [(1.029, "ok"), (0.971, "ok"), (1.031, "warning")])
def test_the_impulse_is_the_weights(gain, verdict):
    force = gain * step()["mean_vertical_force_bw"]
    row = found(step(mean_vertical_force_bw=force))["vertical_impulse"]
    assert row["value"] == pytest.approx(abs(gain - 1))
    assert row["verdict"] == verdict


def test_steps_that_turn_or_accelerate_are_not_asked():
    odd = step(contact_s=0.3, step_flags="accelerating,marker_error")
    assert found(step(), odd)["band_contact_time"]["value"] == 0.0
    assert found(odd) == {}
    assert found(step(contact_s=0.3, step_flags="marker_error"))["band_contact_time"]["value"] > 1.0


def test_walkers_and_runs_without_forces_have_no_such_rows():
    assert set(found(step(speed_mps=3.4))) == {"vertical_impulse"}
    without = step(peak_vertical_force_bw=np.nan, mean_vertical_force_bw=np.nan)
    assert "band_peak_vertical_force" not in found(without)
    assert "vertical_impulse" not in found(without)
