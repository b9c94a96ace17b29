"""Drawn waves as evidence: what a laboratory without any error would hand to the statistics."""

from __future__ import annotations

import numpy as np

from aqbio.stats.evidence import (
    AthleteEvidence,
    Evidence,
    Presence,
    StepEvidence,
    TrialEvidence,
)
from validation.waves.studies import WaveAthletes, WaveStudy, phase_times

EXACT = ("H1", "H2", "H3d", "H3e", "H4", "H5a", "H5b")
"""Hypotheses whose statistic waves give without error: its posterior standard deviation is 0."""


def wave_evidence(study: WaveStudy, athletes: WaveAthletes) -> Evidence:
    """Evidence of a drawn study.

    Parameters
    ----------
    study : WaveStudy
    athletes : WaveAthletes
        The study's own, in its order.
    """
    levels = int(study.level.max()) + 1
    trial = study.participant * levels + study.level
    count = int(trial.max()) + 1
    steps = StepEvidence(
        athlete=study.participant,
        trial=trial,
        level=study.level,
        number=study.step,
        side=study.step % 2,
        speed=study.speed,
        contact=study.contact,
        flight=study.flight,
        steady=np.ones(len(trial), dtype=bool),
        momentum=study.momentum,
        rate=study.momentum_rate,
        external_moment=study.external_moment,
        hub_torque=np.full((len(trial), study.momentum.shape[2], 3), np.nan),
        force_peak=study.force_peak,
        swing_peak=study.swing_peak,
        hub_share=study.hub_share,
        push_index=study.push_index,
        swing_index=study.swing_index,
        yaw_impulse=study.yaw_impulse,
        time_deviation=study.time_deviation,
        lateral_ratio=study.lateral_ratio,
    )
    trials = TrialEvidence(
        athlete=np.arange(count) // levels,
        name=tuple(f"trial-{number + 1}" for number in range(count)),
        recorded=np.bincount(trial),
        marker_rate=np.full(count, 250.0),
        consistent=np.ones(count, dtype=bool),
        suspect=np.zeros(count, dtype=bool),
        residual_ratio=np.full(count, np.inf),
        residual_moment=np.zeros(count),
        closures_pass=np.ones(count, dtype=bool),
        statistic_sd={name: np.zeros(count) for name in EXACT},
    )
    return Evidence(steps, trials, athlete_evidence(athletes), PRESENCE)


PRESENCE = Presence(capacities=True, restricted_arms=True)
"""Drawn studies have everything but one-sided loads and accelerating steps."""


def athlete_evidence(athletes: WaveAthletes) -> AthleteEvidence:
    """What a drawn study knows of athletes."""
    contact, flight = phase_times(athletes.fastest, athletes.contact_excess)
    return AthleteEvidence(
        name=tuple(f"athlete-{number + 1:02d}" for number in range(len(athletes.fastest))),
        fastest=athletes.fastest,
        push_capacity=athletes.push_capacity,
        swing_capacity=athletes.swing_capacity,
        lateral_ratio=athletes.lateral_ratio,
        contact=athletes.contact_excess,
        vertical_excess=flight / (contact + flight),
        normal=athletes.normal,
        restricted=athletes.restricted,
    )
