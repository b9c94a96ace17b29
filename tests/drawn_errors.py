"""Joint draws of errors for evidence that was drawn: one own error of each athlete, one shared."""

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
    """Draws of errors of trials: ``error_<name>`` of an athlete, ``model_<name>`` of everybody."""
    trials = evidence.trials
    athletes = trials.index.get_level_values(0).astype(str)
    names = sorted(set(athletes))
    worlds = orthogonal(len(names) + 1)
    draws = {}
    for name in DRAWN:
        error = trials.get(f"error_{name}", pd.Series(np.nan, trials.index)).astype(float)
        model = trials.get(f"model_{name}", pd.Series(0.0, trials.index)).astype(float)
        columns = [names.index(athlete) for athlete in athletes]
        values = error.to_numpy()[:, None] * worlds.T[columns]
        model = model.fillna(model.mean())  # where no model was compared, as far as elsewhere
        values += model.to_numpy()[:, None] * worlds[:, -1]
        draws[name] = pd.DataFrame(values, index=trials.index).dropna()
    return replace(evidence, draws=draws)
