"""The posture that a participant's model is scaled to: a static trial, or what stands in for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.config import Trial
from aqbio.errors import AqbioError, Finding
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from aqbio.mechanics.recordings.still_frames import StillFrames, stillest_frames
from aqbio.mechanics.vectors import FloatArray
from aqbio.stages.manifest import OK

if TYPE_CHECKING:
    from aqbio.osim.static_trial import StaticTrial

WINDOW_S = 0.020
"""Length of the part of a moving trial that stands in for a static one, s."""


def standing_trial(study: Study, participant_id: str) -> tuple[StaticTrial, list[Finding]]:
    """Give the prepared static trial, or the stillest frames of a moving one, and what to say.

    Raises
    ------
    AqbioError
        When the static trial could not be prepared, or no trial shows the pelvis.
    """
    static = study.static_of(participant_id)
    entries = study.read_manifest(participant_id, "prepare")["trials"]
    if static is None:
        done = {one["trial_id"] for one in entries if one["status"] == OK}
        trials = [one for one in study.moving_of(participant_id) if one.trial_id in done]
        return _moving_posture(study, participant_id, trials)
    entry = next(one for one in entries if one["trial_id"] == static.trial_id)
    if entry["status"] != OK:
        raise AqbioError(
            f"the static trial could not be prepared: {entry['reason']}",
            trial=static.trial_id,
            fix="correct that file, name another static trial, or write n/a to scale the model "
            "from a moving one.",
            rule="static-failed",
        )
    labels, positions, rate = _markers(study, participant_id, static)
    return _static(labels, positions, rate), []


def _moving_posture(
    study: Study, participant_id: str, trials: list[Trial]
) -> tuple[StaticTrial, list[Finding]]:
    """Choose the frames that show the most markers and the least movement, over all trials."""
    if not trials:
        raise AqbioError(
            "no trial could be prepared, and the model is scaled to one of them.",
            fix="see why in the findings of stage prepare.",
            rule="nothing-prepared",
        )
    found: list[tuple[int, float, Trial, StillFrames]] = []
    for trial in trials:
        labels, positions, rate = _markers(study, participant_id, trial)
        mapped = [labels.index(label) for label in study.marker_set.markers if label in labels]
        length = max(2, round(WINDOW_S * rate))
        try:
            still = stillest_frames(positions[:, mapped], _pelvis(study, labels, positions), length)
        except ValueError:
            continue  # the other trials decide; none at all is an error below
        found.append((-still.markers, still.movement, trial, still))
    if not found:
        raise AqbioError(
            "there is no static trial, and no moving trial shows the markers of the pelvis.",
            file=study.settings.files.participants,
            where=f"participant {participant_id}, column static_trial",
            fix="name a trial with task static.",
            rule="static-missing",
        )
    _, _, trial, still = min(found, key=lambda one: one[:2])
    labels, positions, rate = _markers(study, participant_id, trial)
    level = _pelvis(study, labels, positions)[:, None] * [1.0, 0.0, 1.0]
    first, last = still.frames.start, still.frames.stop - 1
    finding = Finding(
        rule="static-none",
        severity="warning",
        what=f"there is no static trial: the model is scaled to the posture of trial "
        f"{trial.trial_id} from {first / rate:.3f} to {last / rate:.3f} s, in which "
        f"{still.markers} markers move by {1e3 * still.movement:.0f} mm. With landmarks at "
        "every joint this made one runner's segments up to 5 % (feet 9 %) longer or shorter than "
        "his static trial did; joint angles begin from a fitted posture.",
        participant=participant_id,
        number=still.movement,
        unit="m",
        file=study.settings.files.participants,
        where=f"participant {participant_id}, column static_trial",
        fix="record a static trial, with medial markers, and name it.",
    )
    return _static(labels, (positions - level)[still.frames], rate), [finding]


def _markers(
    study: Study, participant_id: str, trial: Trial
) -> tuple[tuple[str, ...], FloatArray, float]:
    prepared = read_dataset(study.folder(participant_id, "prepare") / f"{trial.trial_id}.nc")
    labels = tuple(map(str, prepared["marker"].values))
    return labels, prepared["marker_raw"].values, float(prepared.attrs["marker_rate"])


def _pelvis(study: Study, labels: tuple[str, ...], positions: FloatArray) -> FloatArray:
    """Path of the pelvis (T, 3); NaN where one of its markers is missing."""
    pelvis = study.marker_set.pelvis
    names = [*pelvis.front, *pelvis.back]
    if any(name not in labels for name in names):
        return np.full((len(positions), 3), np.nan)
    mean: FloatArray = positions[:, [labels.index(name) for name in names]].mean(axis=1)
    return mean


def _static(labels: tuple[str, ...], positions: FloatArray, rate: float) -> Any:
    from aqbio.osim.static_trial import StaticTrial

    return StaticTrial(labels, positions, rate)
