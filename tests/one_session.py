"""Trials of one runner that are fitted together, without a study."""

from __future__ import annotations

from aqbio.inverse_dynamics.parameters import Weights
from aqbio.inverse_dynamics.session import Session


def fit_session(runner, trials, weights=None, parameters=None, still=(), draws=None) -> Session:
    """Fit the trials of a session with common parameters; they are named by their number."""
    seen = {str(number): one for number, one in enumerate(trials)}
    standing = {str(number): one for number, one in enumerate(still)}
    each = dict.fromkeys(seen, weights or Weights())
    session = Session(runner, seen, each, parameters or runner.parameters, standing)
    session.fit_single_trials()
    session.fit_together(session.single_fits, draws=draws)
    return session
