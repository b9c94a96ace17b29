"""Several sessions of one person: one body, and markers that were put on anew for each.

Labels of every session are markers of their own on the common template, and no frame shows those of
another session. Sizes, hinge axes, sliding skin and mean posture are common, so that nothing of the
fit is told of sessions. What a session's model and findings need is read off: frames hang on no
other session's places, whose columns of the covariance are left out (the marginal).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aqbio.body.fit import BodyFit
from aqbio.body.priors import Priors
from aqbio.body.shape import MarkerPlaces, Template
from aqbio.body.unknowns import ChosenFrames, State
from aqbio.vectors import IntArray


@dataclass(frozen=True, eq=False)
class Session:
    """Recordings between which no marker was put on again."""

    names: tuple[str, ...]
    """tuple of L str. Labels as the laboratory calls them."""
    labels: IntArray
    """(L,) int array. Their places among the labels of all sessions."""
    trials: IntArray
    """(T,) int array. Places among the recordings of all sessions, ascending."""

    def fit_of(self, fit: BodyFit) -> BodyFit:
        """The fit of all sessions restricted to this one: own frames, labels and places.

        The regressions of the hips are of one session's spines: they go with the labels of all.
        """
        problem, own = fit.problem, self._template(fit.problem.template)
        rows = np.flatnonzero(np.isin(problem.frames.trial, self.trials))
        seen, border = np.ix_(rows, self.labels), self._border(fit)
        believed = self._priors(problem.priors, border[: sum(own.sizes)])
        frames = self._frames(fit, rows)
        hips = problem.hips if len(self.labels) == len(problem.template.markers.labels) else None
        return replace(
            fit,
            problem=replace(problem, template=own, frames=frames, priors=believed, hips=hips),
            state=State(fit.state.theta[border], fit.state.q[rows]),
            weights=fit.weights[seen],
            covariance=fit.covariance[np.ix_(border, border)],
            by_theta=fit.by_theta[rows][:, :, border],
            error=fit.error[seen],
        )

    def _template(self, template: Template) -> Template:
        markers = template.markers
        places = MarkerPlaces(self.names, markers.body[self.labels], markers.place[self.labels])
        return replace(template, markers=places)

    def _priors(self, whole: Priors, shape: IntArray) -> Priors:
        return replace(
            whole,
            mean=whole.mean[shape],
            precision=whole.precision[np.ix_(shape, shape)],
            skin_sd=whole.skin_sd[self.labels],
            softness=np.broadcast_to(whole.softness, len(whole.skin_sd))[self.labels],
        )

    def _border(self, fit: BodyFit) -> IntArray:
        """Unknowns of shape and mean posture without the places of other sessions' markers."""
        sizes, markers, *_ = fit.problem.template.sizes
        own = sizes + (3 * self.labels[:, None] + np.arange(3)).ravel()
        rest = np.arange(sizes + markers, len(fit.covariance))
        return np.concatenate([np.arange(sizes), own, rest])

    def _frames(self, fit: BodyFit, rows: IntArray) -> ChosenFrames:
        frames = fit.problem.frames
        return ChosenFrames(
            frames.position[np.ix_(rows, self.labels)],
            frames.still[rows],
            frames.worth[rows],
            np.searchsorted(self.trials, frames.trial[rows]),
            frames.frame[rows],
        )
