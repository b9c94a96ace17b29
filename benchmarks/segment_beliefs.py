"""Recordings under other beliefs: ``python -m benchmarks.segment_beliefs STUDY PARTICIPANT``.

The session of a participant that was run is fitted again with each belief about where the mass of
segments sits (`benchmarks.segment_truth`); nothing is written into the study.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd

from aqbio.io.netcdf import read_dataset
from aqbio.io.segment_sources import segment_sources
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import Study, load_study
from aqbio.mechanics.anthropometry.segment_sources import Belief, about_model, about_sources
from aqbio.mechanics.consistency.runner import Runner
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.vectors import FloatArray
from aqbio.records.manifest import OK
from aqbio.records.participant_model import ParticipantModel
from aqbio.records.solved_trial import SolvedTrial
from aqbio.session.fit import FittedSession, fitted_session
from aqbio.session.static import static_stances
from aqbio.steps.contacts import trial_contacts
from benchmarks.postures import momentum_slopes
from benchmarks.segment_bodies import limb_length, limbs, way_of
from benchmarks.segment_truth import (
    FRAMES,
    MODEL,
    ROLES,
    SOURCES,
    TODAY,
    half_widths,
    mean_momentum,
    moves_of,
    roles,
)

AXES = ("forward", "along", "outward")
WAYS = {TODAY: None, MODEL: about_model, SOURCES: about_sources}


Row = dict[str, object]


def fitted_with(
    study: Study, participant: str, belief: Belief | None
) -> tuple[Skeleton, FittedSession]:
    """The scaled skeleton that the belief starts from, and the session fitted with it."""
    scaled = load_skeleton(ParticipantModel.of(study, participant).table)
    way = way_of(scaled, belief)
    skeleton = replace(scaled, com=scaled.com + way.mean)

    class Believing(Runner):
        """A runner of whom something else is believed."""

        @cached_property
        def centre_covariance(self) -> FloatArray:
            """What the belief and the body's posterior leave open, (3 B, 3 B), m²."""
            open_ = 0.0 if self.open_centres is None else self.open_centres
            return way.covariance + open_

    entries = study.read_manifest(participant, "solve")["trials"]
    solved = {one["trial_id"] for one in entries if one["status"] == OK}
    names = [one.trial_id for one in study.moving_of(participant) if one.trial_id in solved]
    trials = [SolvedTrial.read(study, participant, name) for name in names]
    still = static_stances(study, participant, skeleton)
    with patch("aqbio.session.fit.Runner", Believing):
        return skeleton, fitted_session(study, skeleton, trials, still)


def rows(study: Study, participant: str) -> Iterator[Row]:
    """Centres, stance means and doubts under every belief."""
    sources = segment_sources()
    model = load_skeleton(ParticipantModel.of(study, participant).table)
    for words, make in WAYS.items():
        own, fitted = fitted_with(study, participant, None if make is None else make(sources))
        moved = fitted.centres.shift + own.com - model.com
        each = (*_centres(own, fitted, model.com + moved), *_torso(own, fitted, moved))
        yield from ({"way": words} | one for one in each)
        for trial in fitted.believed:
            yield from (
                {"way": words} | one for one in _momentum(study, participant, fitted, trial)
            )
        for trial, doubts in fitted.suspicions.items():
            yield {"way": words} | _row("doubts of the fit", trial, "", (len(doubts), *UNSAID))


UNSAID = (np.nan, np.nan)


def _row(kind: str, what: str, axis: str, values: tuple[float, float, float]) -> Row:
    """A value with what is believed of it before and after the forces."""
    names = ("value", "before", "after")
    return {"kind": kind, "what": what, "axis": axis} | dict(zip(names, values, strict=True))


def _centres(own: Skeleton, fitted: FittedSession, com: FloatArray) -> Iterator[Row]:
    """Limbs' centres in the frame of the sources, and how sure they are."""
    before, after = fitted.centres.prior_sd, fitted.centres.sd
    for place, _, sign in limbs(own):
        share = 100.0 / limb_length(own, place)
        for number, axis in enumerate(AXES):
            outward = sign if number == 2 else 1.0
            values = outward * com[place, number], before[place, number], after[place, number]
            yield _row("% of length", own.bodies[place], axis, tuple(share * np.array(values)))


def _torso(own: Skeleton, fitted: FittedSession, moved: FloatArray) -> Iterator[Row]:
    """How far the torso's centre moved, mm."""
    torso = own.bodies.index("torso")
    every = (moved, fitted.centres.prior_sd, fitted.centres.sd)
    for number, axis in enumerate(AXES):
        yield _row("moved, mm", "torso", axis, tuple(1e3 * one[torso, number] for one in every))


def _momentum(study: Study, participant: str, fitted: FittedSession, trial: str) -> Iterator[Row]:
    """Stance means of a trial, and half widths as far as the body makes them."""
    fit = fitted.fits[trial]
    data = read_dataset(study.folder(participant, "consistency") / f"{trial}.nc")
    time, centres = data["time"].values, fitted.centres
    for contact in trial_contacts(data):
        inside = np.flatnonzero((time >= contact.touchdown) & (time <= contact.toe_off))
        if not contact.complete or not len(inside):
            continue
        frames = inside[np.linspace(0, len(inside) - 1, FRAMES).round().astype(int)]
        matrix = roles(fit.skeleton, right=contact.side == "right")
        mean = matrix @ mean_momentum(fit.skeleton, fit.motion, frames)
        moves = moves_of(fit.skeleton, fit.motion, frames)
        slopes = matrix @ momentum_slopes(fit.skeleton, moves).mean(axis=0)
        spans = [
            half_widths(slopes, one, fit.skeleton)
            for one in (centres.prior_covariance, centres.covariance)
        ]
        for number, quantity in enumerate(ROLES):
            values = float(mean[number]), *(float(one[number]) for one in spans)
            yield _row(f"H_y, {trial}", quantity, contact.side, values)


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path)
    parser.add_argument("participant")
    parser.add_argument("--rows", type=Path)
    asked = parser.parse_args()
    found = pd.DataFrame(rows(load_study(asked.study), asked.participant))
    if asked.rows:
        found.to_csv(asked.rows, sep="\t", index=False)
    table = found.groupby(["kind", "what", "axis", "way"], sort=False)[["value", "before", "after"]]
    print(table.mean().round(3).to_string())


if __name__ == "__main__":
    main()
