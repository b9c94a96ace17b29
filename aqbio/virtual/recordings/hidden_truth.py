"""What is known about a virtual recording, as plain data for JSON."""

from __future__ import annotations

from typing import Any

import numpy as np

from aqbio.virtual.recordings.disturbances import DisturbanceTruth
from aqbio.virtual.recordings.laboratory import Laboratory
from aqbio.virtual.recordings.recording import RecordedRun
from aqbio.virtual.truth import contacts

THRESHOLD = 20.0
"""Vertical force at which events are known, N."""


def trial_truth(run: RecordedRun, laboratory: Laboratory) -> dict[str, Any]:
    """What is known about a run: events, loads, mean momenta; times from the first frame, s."""
    gait, truth = run.truth.gait, run.truth
    end = run.start + len(truth.gait_time) / laboratory.marker_rate
    seen = contacts(gait, run.start, end, THRESHOLD)
    events = []
    for one in seen:
        inside = (truth.gait_time >= one.rises) & (truth.gait_time <= one.falls)
        mean = truth.momentum[inside].mean(axis=0) if inside.any() else None
        events.append(
            {
                "foot": one.foot,
                "touchdown_s": one.rises - run.start,
                "toe_off_s": one.falls - run.start,
                "first_force_s": one.touchdown - run.start,
                "last_force_s": one.toe_off - run.start,
                "place_m": one.place + float(run.shift[0]),
                "peak_n": one.peak,
                "mean_momentum_kgm2ps": None
                if mean is None
                else dict(zip(gait.skeleton.bodies, mean.tolist(), strict=True)),
            }
        )
    return {
        "speed_mps": gait.timeline.speed,
        "drag_n": gait.drag,
        "shift_m": run.shift.tolist(),
        "threshold_n": THRESHOLD,
        "contacts": events,
        "contacts_on_plates": list(run.contacts_on_plates),
    }


def disturbance_truth(done: DisturbanceTruth) -> dict[str, Any]:
    """What was done to a recording."""
    moved = np.sqrt((done.soft_tissue**2).sum(axis=2).mean(axis=0))
    return {
        "soft_tissue_rms_m": moved.tolist(),
        "plate_offset_n": done.plate_offset.tolist(),
        "gaps": [list(gap) for gap in done.gaps],
        "swaps": [list(pair) for pair in done.swaps],
    }
