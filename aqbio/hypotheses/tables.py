"""Columns of the tables of the hypotheses."""

from __future__ import annotations

from aqbio.io.dictionary import columns
from aqbio.stats.measurement import ERRORS, SHARED

VERDICTS = columns("verdicts")
ATHLETES = columns("hypotheses_athletes")
SINGLE = columns("single_athletes")
POWER = columns("power")
SPRINTS = columns("sprints")
DEVIATIONS = columns("deviations")
TRIALS = columns("hypotheses_trials", error=ERRORS, model=SHARED)
LITERAL = columns("literal")
INFLUENCE = columns("influence")
