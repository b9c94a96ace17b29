"""H1 corrected for chance: opposition of waveforms shifted in time at random is subtracted."""

from __future__ import annotations

import numpy as np

from aqbio.names import ROLE_GROUPS
from aqbio.stats.evidence import Evidence
from aqbio.stats.partitions import BOTH_LEGS, SWING_ALONE, opposition
from aqbio.vectors import FloatArray

DRAWS = 60
"""Shifted steps per athlete."""
POINTS = 100
"""Points of a step at equal distances in time."""


def corrected_for_chance(evidence: Evidence, seed: int = 0) -> Evidence:
    """The evidence with the athlete's mean difference of shifted waveforms taken off every step's.

    Every group's waveform over a whole step is shifted in time by a random amount of its own. After
    the step it goes on as its mirror image: about the vertical the next step repeats it with the
    opposite sign.
    """
    random = np.random.default_rng(seed)
    expected: dict[str, float] = {}
    for name, steps, curves in evidence.by_athlete():
        chosen = curves["angular_momentum"].sel(axis="y", group=list(ROLE_GROUPS))
        vertical = chosen.values.astype(float)
        durations = steps[["contact_s", "flight_s"]].to_numpy(dtype=float)
        whole = np.isfinite(vertical).all(axis=(1, 2, 3)) & np.isfinite(durations[:, 1])
        if whole.any():
            places = np.flatnonzero(whole)[random.choice(int(whole.sum()), DRAWS)]
            drawn = [shifted_difference(vertical[i], durations[i], random) for i in places]
            expected[name] = float(np.mean(drawn))
    chance = evidence.steps["participant_id"].astype(str).map(expected).astype(float)
    difference = evidence.steps["opposition_difference"] - chance
    return evidence.with_steps(evidence.steps.assign(opposition_difference=difference))


def shifted_difference(
    vertical: FloatArray, durations: FloatArray, random: np.random.Generator
) -> float:
    """Difference of opposition indices of one step, (2, 101, G), with shifted waveforms."""
    contact, flight = durations
    percent = np.linspace(0.0, 1.0, vertical.shape[1])
    known = np.concatenate((percent * contact, contact + percent[1:] * flight))
    wanted = np.arange(POINTS) / POINTS * (contact + flight)
    curves = np.concatenate((vertical[0], vertical[1, 1:]))
    step = np.stack([np.interp(wanted, known, column) for column in curves.T], axis=1)
    stride = np.concatenate((step, -step))
    shift = random.integers(len(stride), size=(1, 1, step.shape[1]))
    stance = np.arange(np.count_nonzero(wanted <= contact))
    place = (stance[None, :, None] + shift) % len(stride)
    shifted = stride[place, np.arange(step.shape[1])]
    alone, legs = opposition(shifted, (SWING_ALONE, BOTH_LEGS))[0]
    return float(alone - legs)
