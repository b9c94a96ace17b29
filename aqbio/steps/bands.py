"""Whether a trial is a run as people run at its speed, and its forces carry the runner's weight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from aqbio.config.settings import Quality
from aqbio.gait.bands import BANDS, band, beyond
from aqbio.steps.measures import Row, measure

COLUMNS = {
    "contact_time": "contact_s",
    "flight_time": "flight_s",
    "step_frequency": "step_frequency_hz",
    "step_length": "step_length_m",
    "peak_vertical_force": "peak_vertical_force_bw",
}
"""Columns of steps in which the quantities of the bands are."""

STEADY = ("accelerating", "lateral_force", "heading_change")
"""Flags of steps that no band is about."""


def band_rows(limits: Quality, key: Row, steps: Sequence[Row]) -> Iterator[Row]:
    """Rows of quality of a trial, from its whole and steady steps.

    Medians of the steps beside the bands at their median speed; and the vertical impulse of the
    steps beside that of the weight over the same time: ``mean F t_c = m g T`` of a steady run.
    """
    steady = [
        one
        for one in steps
        if one["status"] == "ok" and not set(str(one["flags"] or "").split(",")) & set(STEADY)
    ]
    if not steady:
        return
    speed = float(np.median([one["speed_mps"] for one in steady]))
    for quantity, column in COLUMNS.items():
        low, high = band(quantity, speed)
        found = float(np.median([one[column] for one in steady]))
        if np.isfinite(low + found):
            unit = BANDS[quantity][0]
            yield measure(
                key, f"band_{quantity}", beyond(found, low, high), "1",
                limit=limits.beyond_band, severity="warning",
                note=f"median {found:.3g} {unit} at {speed:.1f} m/s, people {low:.3g} to "
                f"{high:.3g}: how far outside, share",
            )  # fmt: skip
    borne = [
        one["mean_vertical_force_bw"] * one["contact_s"] / (one["contact_s"] + one["flight_s"])
        for one in steady
    ]
    if np.isfinite(borne).all():
        yield measure(
            key, "vertical_impulse", abs(float(np.mean(borne)) - 1.0), "1",
            limit=limits.vertical_impulse, severity="warning",
            note=f"mean of {len(steady)} steps: vertical impulse over weight times duration, off 1",
        )  # fmt: skip
