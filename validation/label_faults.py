"""Exchanged labels, planted, and which of them are named, masked and undone as proposed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from aqbio.errors import Finding
from aqbio.io.recording import Recording
from aqbio.prepare.body_labels import BodyLabels, partners
from aqbio.prepare.label_check import with_checked_labels
from aqbio.prepare.label_faults import LABELS_EXCHANGED
from aqbio.prepare.notes import Notes
from aqbio.prepare.stated_labels import stated_labels
from aqbio.vectors import BoolArray
from tests.side_alterations import GROUPS
from validation.captured import CapturedLabels
from validation.planting import NEAR, OTHER, RIGHT, SILENT, SOUND, Outcome

STRETCHES_S = (0.05, 0.2, np.inf)
"""Lengths of the stretches in which labels are exchanged, s; all frames."""

MAX_UNSURE_FRAMES = 6
"""Frames at the ends of a stretch that may be masked, as nobody can tell when it begins."""


def outcomes(run: CapturedLabels) -> Iterator[Outcome]:
    """What is named for the recording as it is, and for every plant."""
    nan = float("nan")
    own, own_findings = checked(run, run.recording)
    body = BodyLabels.of_marker_set(run.marker_set, run.reference.limbs)
    sided = [label for label in run.recording.labels if label in body.sided]
    mates = partners(sided, body)

    def outcome(fault: str, scope: str, size: float, recording: Recording) -> Outcome:
        masked, findings = checked(run, recording)
        names = sorted({finding.rule for finding in findings})
        if fault == SOUND:
            verdict = OTHER if names else RIGHT
        elif {*findings} <= {*own_findings}:
            verdict = SILENT
        else:
            stated = as_proposed(run, recording, findings)
            verdict = verdict_of(own, masked, checked(run, stated)[0], mates)
        named = " and ".join(names) or SOUND
        return Outcome(
            "labels", run.name, fault, scope, size, nan, nan, verdict, named, nan, nan, nan
        )  # fmt: skip

    yield outcome(SOUND, "", nan, run.recording)
    for scope, prefixes in GROUPS.items():
        chosen = [x for x in mates if body.sided[x].part.startswith(prefixes)]
        pairs = sorted({(min(x, mates[x]), max(x, mates[x])) for x in chosen})
        for seconds in STRETCHES_S if pairs and prefixes != ("",) else ():
            frames = middle_frames(run.recording, seconds)
            recording = exchanged(run.recording, pairs, frames)
            yield outcome(LABELS_EXCHANGED, scope, float(frames.sum()), recording)


def middle_frames(recording: Recording, seconds: float) -> BoolArray:
    """Frames (T,) of a stretch in the middle of a recording, or all."""
    count = len(recording.positions)
    length = int(min(seconds * recording.rate, count))
    first = (count - length) // 2
    frames = np.zeros(count, np.bool_)
    frames[first : first + length] = True
    return frames


def exchanged(
    recording: Recording, pairs: Sequence[tuple[str, str]], frames: BoolArray
) -> Recording:
    """A recording with pairs of labels exchanged in some frames (T,)."""
    columns = np.array([[recording.labels.index(label) for label in pair] for pair in pairs])
    positions = recording.positions.copy()
    rows = np.flatnonzero(frames)[:, None]
    positions[rows, columns[:, 0]] = recording.positions[rows, columns[:, 1]]
    positions[rows, columns[:, 1]] = recording.positions[rows, columns[:, 0]]
    return replace(recording, positions=positions)


def checked(run: CapturedLabels, recording: Recording) -> tuple[Recording, list[Finding]]:
    """A recording after its labels are looked at, and findings about them."""
    notes = Notes("", "", "", "")
    masked = with_checked_labels(recording, run.trial, run.reference, run.marker_set, notes)
    return masked, notes.findings


def as_proposed(
    run: CapturedLabels, recording: Recording, findings: Iterable[Finding]
) -> Recording:
    """A recording with the statements that findings propose in column fix."""
    cell = "; ".join(finding.proposal for finding in findings if finding.proposal)
    trial = run.trial.model_copy(update={"fix": cell or None})
    return stated_labels(trial, "trials.tsv").applied(recording, Notes("", "", "", ""))


def verdict_of(own: Recording, masked: Recording, stated: Recording, mates: Collection[str]) -> str:
    """Right where no label is wrong, and the proposal gives all but a few frames back.

    Another one where a label that is used is not where it is in the recording as it is (``own``),
    as recorded (``masked``) or as proposed (``stated``). A label that has no mate on the other side
    cannot be put back, and is not used.
    """
    for recording in (masked, stated):
        if (np.linalg.norm(recording.positions - own.positions, axis=2) > 1e-9).any():
            return OTHER
    was, is_seen = (np.asarray(np.isfinite(x.positions).all(axis=2)) for x in (own, stated))
    has_mate = np.isin(own.labels, [*mates])
    hidden = int(np.any(was & ~is_seen & has_mate, axis=1).sum())
    return RIGHT if hidden <= MAX_UNSURE_FRAMES else NEAR
