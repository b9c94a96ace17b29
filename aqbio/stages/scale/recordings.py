"""What was recorded of a person, in one session or several, ready for the calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from aqbio.errors import AqbioError
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from aqbio.mechanics.calibration.frames import Recording
from aqbio.mechanics.calibration.people import Person, Sex
from aqbio.mechanics.calibration.places import Label
from aqbio.mechanics.calibration.sessions import Session
from aqbio.mechanics.vectors import BoolArray, FloatArray, IntArray
from aqbio.records.manifest import OK

if TYPE_CHECKING:
    import xarray as xr

FEWEST_LABELS = 6
"""Fewer labels than this on the model calibrate nothing."""

Trials = list[tuple[str, Recording]]
"""Trials of a session by name; their markers are those of all labels of the marker set."""


@dataclass(frozen=True, eq=False)
class PersonRecordings:
    """Everything that was recorded of a person."""

    recordings: tuple[Recording, ...]
    """Each with the labels of all sessions, NaN for those of the others."""
    labels: Mapping[str, Label]
    """Labels of all sessions, by session and name."""
    sessions: tuple[Session, ...]
    trials: Mapping[str, tuple[str, ...]]
    """Names of the trials of every session, by participant, in the order of the sessions."""

    def labelled(
        self, front: Sequence[str], back: Sequence[str]
    ) -> tuple[Sequence[str], Sequence[str]]:
        """Give the spines of the pelvis as the first session that has all of them labels them."""
        have = zip(self.trials, self.sessions, strict=True)
        worn = [one for one, session in have if {*front, *back} <= set(session.names)]
        first = next(iter(worn), "")
        return [f"{first}:{name}" for name in front], [f"{first}:{name}" for name in back]

    def session(self, participant_id: str) -> tuple[int, Session]:
        """Give the place of a participant's session, and the session."""
        place = list(self.trials).index(participant_id)
        return place, self.sessions[place]


def person_recordings(
    study: Study, participant_id: str, placed: Mapping[str, Label]
) -> PersonRecordings:
    """Give all prepared trials of a participant's person, and the labels that any of them shows.

    Recordings and labels come in the order of what they hold: sums, and with them results, keep
    every digit whatever trials are called and however sheets and marker sets list them.

    Raises
    ------
    AqbioError
        No prepared trial of the participant shows enough labels of the marker set.
    """
    known = dict(sorted(placed.items()))
    every = {one: _trials(study, one, list(known)) for one in study.sessions_of(participant_id)}
    _refuse_nothing(study, every[participant_id])
    found = {one: trials for one, trials in every.items() if trials}
    shown = {one: _shown(trials) for one, trials in found.items()}
    names = list(known)
    labels = {
        f"{one}:{names[index]}": known[names[index]]
        for one in found
        for index in np.flatnonzero(shown[one])
    }
    sessions: list[Session] = []
    recordings: list[Recording] = []
    width, first = len(labels), 0
    for one, trials in found.items():
        own = np.flatnonzero(shown[one])
        columns, rows = first + np.arange(len(own)), len(recordings) + np.arange(len(trials))
        sessions.append(Session(tuple(names[index] for index in own), columns, rows))
        recordings += [_among_all(trial, own, columns, width) for _, trial in trials]
        first += len(own)
    trials_of = {one: tuple(name for name, _ in trials) for one, trials in found.items()}
    return PersonRecordings(tuple(recordings), labels, tuple(sessions), trials_of)


def _trials(study: Study, participant_id: str, labels: list[str]) -> Trials:
    """Give the prepared trials of a session, with all labels of the marker set."""
    static = study.static_of(participant_id)
    found = []
    for entry in study.read_manifest(participant_id, "prepare")["trials"]:
        if entry["status"] != OK:
            continue
        name = str(entry["trial_id"])
        prepared = read_dataset(study.folder(participant_id, "prepare") / f"{name}.nc")
        still = static is not None and name == static.trial_id
        rate = float(prepared.attrs["marker_rate"])
        found.append((name, Recording(_positions(prepared, labels), rate, still)))
    return sorted(found, key=lambda one: _content(one[1]))


def _content(recording: Recording) -> tuple[bool, int, bytes]:
    return not recording.still, len(recording.position), recording.position.tobytes()


def _positions(prepared: xr.Dataset, labels: list[str]) -> FloatArray:
    """(T, K, 3) array, m: labels in order, NaN where the trial lacks one."""
    raw = prepared["marker_raw"].reindex(marker=labels)
    return np.asarray(raw.transpose("time", "marker", "axis").values, dtype=np.float64)


def _shown(trials: Trials) -> BoolArray:
    """(K,) bool: labels that any of some trials shows."""
    seen = [np.isfinite(one.position).all(axis=2).any(axis=0) for _, one in trials]
    return np.asarray(np.any(seen, axis=0))


def _among_all(recording: Recording, own: IntArray, columns: IntArray, width: int) -> Recording:
    """Give a recording with the labels of all sessions."""
    position = np.full((len(recording.position), width, 3), np.nan)
    position[:, columns] = recording.position[:, own]
    return replace(recording, position=position)


def _refuse_nothing(study: Study, trials: Trials) -> None:
    if not trials:
        raise AqbioError(
            "no trial could be prepared, and the body is calibrated from them.",
            fix="see why in the findings of stage prepare.",
            rule="nothing-prepared",
        )
    count = int(_shown(trials).sum())
    if count < FEWEST_LABELS:
        raise AqbioError(
            f"the recordings show {count} labels of the marker set on the model, "
            f"fewer than {FEWEST_LABELS}.",
            file=str(study.marker_file),
            fix="compare the labels of the recordings with those of the marker set.",
            rule="markers-on-model",
        )


def recorded_person(study: Study, participant_id: str) -> Person:
    """What the sheet and the plates say of a person; body mass is the mean of the sessions."""
    sessions = study.sessions_of(participant_id)
    sheet = [study.participant(one) for one in sessions]
    masses = [study.read_manifest(one, "prepare").get("mass_kg") for one in sessions]
    known = [float(mass) for mass in masses if mass is not None]
    heights = [one.height_m for one in sheet if one.height_m is not None]
    return Person(
        study.participant(participant_id).sex,
        heights[0] if heights else None,
        float(np.mean(known)) if known else None,
    )


def made_for(study: Study, sex: Sex | None) -> Person:
    """Whom the generic model was made for, as its map says: the participant's sex if it can."""
    made = study.model_map.made_for
    if not made:
        return Person(sex)
    own: Sex = sex if sex is not None and sex in made else next(iter(made))
    return Person(own, made[own].height_m, made[own].mass_kg)
