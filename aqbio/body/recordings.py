"""What was recorded of a person, in one session or several, ready for the calibration."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from aqbio.body.fit import BodyFit
from aqbio.body.frames import Recording
from aqbio.body.people import Person, Sex
from aqbio.body.places import Label
from aqbio.body.posterior import told_shares
from aqbio.body.sessions import Session
from aqbio.body.shape import MarkerPlaces
from aqbio.config import MappedMarker, MarkerSet, ModelMap
from aqbio.errors import AqbioError
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from aqbio.labels.by_name import landmark_table
from aqbio.labels.marker_set import model_landmarks
from aqbio.multibody.skeleton import Skeleton
from aqbio.study.manifest import OK
from aqbio.vectors import BoolArray, FloatArray, IntArray

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
        """The spines of the pelvis as the first session that has all of them labels them."""
        have = zip(self.trials, self.sessions, strict=True)
        worn = [one for one, session in have if {*front, *back} <= set(session.names)]
        first = next(iter(worn), "")
        return [f"{first}:{name}" for name in front], [f"{first}:{name}" for name in back]

    def session(self, participant_id: str) -> Session:
        """The session of a participant."""
        return self.sessions[list(self.trials).index(participant_id)]


def person_recordings(
    study: Study, participant_id: str, placed: Mapping[str, Label]
) -> PersonRecordings:
    """All prepared trials of a participant's person, and the labels that any of them shows.

    Recordings and labels come in the order of their contents: sums, and with them results, keep
    every digit whatever trials are called and however sheets and marker sets list them.
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
    """The prepared trials of a session, with all labels of the marker set."""
    static = study.static_of(participant_id)
    # Other postures than quiet standing tell where mass is, in stage consistency.
    left_out = {one.trial_id for one in study.still_of(participant_id) if one != static}
    found = []
    for entry in study.read_manifest(participant_id, "prepare")["trials"]:
        name = str(entry["trial_id"])
        if entry["status"] != OK or name in left_out:
            continue
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
    """A recording with the labels of all sessions."""
    position = np.full((len(recording.position), width, 3), np.nan)
    position[:, columns] = recording.position[:, own]
    return replace(recording, position=position)


def _refuse_nothing(study: Study, trials: Trials) -> None:
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


def placed_labels(marker_set: MarkerSet, generic: Skeleton) -> dict[str, Label]:
    """The recorded labels of a marker set with their places on a generic model."""
    found: dict[str, Label] = {}
    claimed: dict[str, str] = {}
    for label, mapped in marker_set.markers.items():
        name = marker_set.model_name(label)
        if name in claimed:
            raise _error(label, f"the model's marker {name} is claimed by {claimed[name]} too.")
        claimed[name] = label
        found[label] = _placed(generic, label, name, mapped)
    return found


def _placed(generic: Skeleton, label: str, name: str, mapped: MappedMarker) -> Label:
    if mapped.body not in generic.bodies:
        raise _error(label, f"body {mapped.body} is not in the model.")
    if mapped.tracking:
        return Label(label, mapped.body, None, palpated=False)
    if mapped.position is not None:
        return Label(label, mapped.body, mapped.position, palpated=False)
    if name not in generic.markers:
        raise _error(label, f"the model has no marker {name}, and no position is given.")
    index = generic.markers.index(name)
    own = generic.bodies[generic.marker_body[index]]
    if own != mapped.body:
        told = f"{label} (the model's {name}) is on {own} in the model, on {mapped.body} in"
        raise _error(label, f"{told} the marker set.")
    x, y, z = generic.marker_position[index].tolist()
    return Label(label, mapped.body, (x, y, z), palpated=True)


def _error(label: str, what: str) -> AqbioError:
    return AqbioError(
        f"marker set, label {label}: {what}",
        fix="correct body, model or position of that label in the marker set, or mark it tracking.",
        rule="marker-set",
    )


LEAST_SHARE = 0.1
"""A marker that takes away less of the variance is no help."""


def helpful_marker(
    fit: BodyFit, model_map: ModelMap, worn: Collection[str], wanted: FloatArray
) -> str:
    """The landmark whose marker would remove most variance, or "" below a tenth."""
    model = fit.problem.template.skeleton
    bodies = [model.bodies[body] for body in model.marker_body]
    own = dict(zip(model.markers, bodies, strict=True))
    places = model_landmarks(own, model_map, landmark_table()).places
    bare = {place: marker for place, marker in places.items() if marker not in worn}
    if not bare:
        return ""
    index = [model.markers.index(marker) for marker in bare.values()]
    points = MarkerPlaces(
        tuple(bare.values()), model.marker_body[index], model.marker_position[index]
    )
    shares = told_shares(fit, points, wanted)
    best = int(np.argmax(shares))
    if shares[best] < LEAST_SHARE:
        return ""
    place = list(bare)[best]
    return f"a marker on the {place} would have told most ({shares[best]:.0%} of the variance)"
