"""Trials of one runner that are fitted together, without a study."""

from __future__ import annotations

from aqbio.inverse_dynamics.parameters import Weights
from aqbio.inverse_dynamics.session import Session


def fit_session(
    runner, trials, weights=None, parameters=None, static_trials=(), draws=None
) -> Session:
    """Fit the trials of a session with common parameters; they are named by their number."""
    trial_by_name = {str(number): trial for number, trial in enumerate(trials)}
    standing = {str(number): trial for number, trial in enumerate(static_trials)}
    weights_by_name = dict.fromkeys(trial_by_name, weights or Weights())
    session = Session(
        runner, trial_by_name, weights_by_name, parameters or runner.parameters, standing
    )
    session.fit_single_trials()
    session.fit_together(draws)
    return session
