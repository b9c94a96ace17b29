"""Joint draws of errors for evidence that was drawn: those that all athletes share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from aqbio.stats.evidence import Evidence
from aqbio.stats.measurement import DRAWN

WORLDS = 256


def orthogonal(count: int, seed: int = 0) -> np.ndarray:
    """(WORLDS, count) numbers of mean 0 and standard deviation 1 that do not correlate at all."""
    normal = np.random.default_rng(seed).standard_normal((WORLDS, count))
    return np.linalg.qr(normal - normal.mean(axis=0))[0] * np.sqrt(WORLDS)


def with_draws(evidence: Evidence) -> Evidence:
    """Draws of errors of trials that everybody shares, of size ``model_<name>``; 0 left out."""
    trials = evidence.trials
    world = orthogonal(1)[:, 0]
    draws = {}
    for name in DRAWN:
        model = trials.get(f"model_{name}", pd.Series(0.0, trials.index)).astype(float)
        values = pd.DataFrame(model.to_numpy()[:, None] * world, index=trials.index).dropna()
        draws[name] = values
    return replace(evidence, shared_draws=draws)
