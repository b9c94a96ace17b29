"""Mirrored coordinates and exchanged sides, planted, and what the search names of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from aqbio.force_plates.forces import PlateWrench
from aqbio.io.recording import Recording
from aqbio.prepare.explanations import Candidate, people_scales
from aqbio.prepare.side_evidence import BodySides, SideEvidence
from aqbio.prepare.side_faults import side_candidates, side_explanations
from validation.captured import CapturedSides
from validation.planting import Outcome, Plant, Searched

NO_WRENCH = PlateWrench(np.zeros((0, 0, 3)), np.zeros((0, 0, 3)), np.zeros((0, 3)))


def rows(run: CapturedSides, recording: Recording) -> Iterator[Candidate[Recording]]:
    """Explanations that are tried on a run's recording, as it is or with a fault."""
    sides = BodySides.of(recording, run.labels)
    if sides is not None:
        evidence = SideEvidence.of(recording, run.labels, run.others)
        are_right = bool(evidence.right_recordings)
        yield from side_candidates(recording, run.labels, sides, are_others_right=are_right)


def plants(run: CapturedSides) -> Iterator[Plant[Recording]]:
    """Rows, as they are planted in a recording: each undoes itself.

    What leaves the recording as it is, or as another row does, is not planted: where the axes of
    plates come from their corners, no file shows that it was mirrored about the ground.
    """
    planted = [run.recording]
    for row in rows(run, run.recording):
        faulty = row.undo(run.recording, np.nan)
        if any(map(partial(_are_same, faulty), planted)):
            continue
        planted.append(faulty)
        for undo in rows(run, faulty):
            if undo.fault == row.fault:
                yield Plant(row.fault, row.scope, float("nan"), faulty, undo)


def _are_same(first: Recording, second: Recording) -> bool:
    """Tell whether two recordings have the same numbers."""
    numbers = [
        (recording.positions, wrench.force, wrench.moment, wrench.point)
        for recording in (first, second)
        for wrench in [recording.forces.wrench if recording.forces else NO_WRENCH]
    ]
    return all(np.allclose(x, y, equal_nan=True) for x, y in zip(*numbers, strict=True))


def searched(run: CapturedSides, recording: Recording) -> Searched[Recording]:
    """What the search makes of a recording."""
    ranking = side_explanations(recording, run.labels, run.others)
    evidence = SideEvidence.of(recording, run.labels, run.others)
    return Searched(evidence.disagreements, people_scales(np.nan), ranking)


def outcomes(run: CapturedSides) -> Iterator[Outcome]:
    """What is named for the recording as it is, and for every plant."""
    sound = searched(run, run.recording)
    yield sound.as_recorded("sides", run.name)
    for plant in plants(run):
        yield plant.outcome("sides", run.name, searched(run, plant.recorded), sound)
