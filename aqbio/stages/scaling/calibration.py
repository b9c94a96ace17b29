"""The body of a participant, calibrated from all prepared recordings of a session."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from aqbio.config import ModelMap
from aqbio.errors import AqbioError, Finding
from aqbio.io.body_sizes import body_sizes
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from aqbio.mechanics.calibration.beliefs import Person, Sex, beliefs, posture_belief, size_belief
from aqbio.mechanics.calibration.fit import BodyFit, FlexionStarts, body_fit
from aqbio.mechanics.calibration.frames import Recording, chosen_frames
from aqbio.mechanics.calibration.headings import faced
from aqbio.mechanics.calibration.label_hypotheses import LabelHypothesis, likeliest_labels
from aqbio.mechanics.calibration.parts import body_parts
from aqbio.mechanics.calibration.places import Label, believed_places
from aqbio.mechanics.calibration.posterior import (
    LengthBelief,
    length_slopes,
    lengths,
    moving_flexion,
)
from aqbio.mechanics.calibration.problem import Problem
from aqbio.mechanics.calibration.shape import Shape, Template
from aqbio.mechanics.calibration.shown import fit_of_shown
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.vectors import FloatArray
from aqbio.stages.manifest import OK
from aqbio.stages.scaling.helpful_marker import helpful_marker
from aqbio.stages.scaling.placed_labels import placed_labels

if TYPE_CHECKING:
    import xarray as xr

FEWEST_LABELS = 6
"""Fewer labels than this on the model calibrate nothing."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """A calibrated body.

    Attributes
    ----------
    fit : BodyFit
    shape : Shape
        As a rigid model carries it in movement: markers where sliding skin is at the mean flexion.
    names : dict
        The model's name of each label.
    trials : tuple of str
        Trials whose frames were fitted.
    wrong : tuple of LabelHypothesis
        Labels that are not what they say.
    """

    fit: BodyFit
    shape: Shape
    names: dict[str, str]
    trials: tuple[str, ...]
    wrong: tuple[LabelHypothesis, ...]

    @property
    def template(self) -> Template:
        """The template."""
        return self.fit.problem.template

    @cached_property
    def lengths(self) -> tuple[LengthBelief, ...]:
        """Lengths from joint to joint."""
        return tuple(lengths(self.fit))


def calibrated(study: Study, participant_id: str, generic: Skeleton) -> Calibration:
    """Calibrate a participant's body.

    Parameters
    ----------
    study : Study
    participant_id : str
    generic : Skeleton
        The corrected generic model, with its own markers.

    Raises
    ------
    AqbioError
        No prepared trial shows enough labels of the marker set.
    """
    parts = body_parts(generic, study.model_map)
    labels = dict(sorted(placed_labels(study.marker_set, generic).items()))
    trials, recordings, labels = _recordings(study, participant_id, labels)
    places, sds = believed_places(generic, parts, labels)
    frames = faced(chosen_frames(recordings, places.body), generic, places)
    person = _person(study, participant_id)
    sizes = size_belief(parts, body_sizes(), person, _made_for(study, person.sex))
    postures = posture_belief(generic, study.model_map)

    def fit_of(skeleton: Skeleton) -> BodyFit:
        template = Template.of(skeleton, study.model_map, places)
        problem = Problem(template, frames, beliefs(template, sizes, sds, postures))
        return body_fit(problem, flexions=FlexionStarts.of(template, study.model_map))

    fit = fit_of_shown(fit_of, generic, study.model_map.held, places.body)
    flexions = FlexionStarts.of(fit.problem.template, study.model_map)
    fit, wrong = likeliest_labels(fit, flexions)
    names = {label: study.marker_set.model_name(label) for label in labels}
    return Calibration(fit, moving_shape(fit), names, trials, wrong)


def moving_shape(fit: BodyFit) -> Shape:
    """Give the shape with the markers where sliding skin is at the mean flexion of movement."""
    template = fit.problem.template
    shape = template.shape(fit.state.theta[: fit.problem.shape_size])
    return template.moving_shape(shape, moving_flexion(fit))


def _recordings(
    study: Study, participant_id: str, labels: Mapping[str, Label]
) -> tuple[tuple[str, ...], list[Recording], dict[str, Label]]:
    """All prepared trials, and the labels that any of them shows.

    In the order of what they hold: sums, and with them results, keep every digit whatever trials
    are called and however a sheet lists them.
    """
    static = study.static_of(participant_id)
    found: list[tuple[str, FloatArray, float, bool]] = []
    for entry in study.read_manifest(participant_id, "prepare")["trials"]:
        if entry["status"] != OK:
            continue
        name = str(entry["trial_id"])
        prepared = read_dataset(study.folder(participant_id, "prepare") / f"{name}.nc")
        position = _positions(prepared, list(labels))
        still = static is not None and name == static.trial_id
        found.append((name, position, float(prepared.attrs["marker_rate"]), still))
    if not found:
        raise AqbioError(
            "no trial could be prepared, and the body is calibrated from them.",
            fix="see why in the findings of stage prepare.",
            rule="nothing-prepared",
        )
    found.sort(key=lambda one: (not one[3], len(one[1]), one[1].tobytes()))
    shown = [np.isfinite(position).all(axis=2).any(axis=0) for _, position, *_ in found]
    seen = np.any(shown, axis=0)
    if seen.sum() < FEWEST_LABELS:
        raise AqbioError(
            f"the recordings show {int(seen.sum())} labels of the marker set on the model, "
            f"fewer than {FEWEST_LABELS}.",
            file=str(study.marker_file),
            fix="compare the labels of the recordings with those of the marker set.",
            rule="markers-on-model",
        )
    recordings = [Recording(position[:, seen], rate, still) for _, position, rate, still in found]
    kept = {name: label for (name, label), s in zip(labels.items(), seen, strict=True) if s}
    return tuple(name for name, *_ in found), recordings, kept


def _positions(prepared: xr.Dataset, labels: list[str]) -> FloatArray:
    """(T, K, 3) array, m: labels in order, NaN where the trial lacks one."""
    raw = prepared["marker_raw"].reindex(marker=labels)
    return np.asarray(raw.transpose("time", "marker", "axis").values, dtype=np.float64)


def _person(study: Study, participant_id: str) -> Person:
    sheet = study.participant(participant_id)
    mass = study.read_manifest(participant_id, "prepare").get("mass_kg")
    return Person(sheet.sex, sheet.height_m, None if mass is None else float(mass))


def _made_for(study: Study, sex: Sex | None) -> Person:
    """Whom the generic model was made for, as its map says: the participant's sex if it can."""
    made = study.model_map.made_for
    if not made:
        return Person(sex)
    own: Sex = sex if sex is not None and sex in made else next(iter(made))
    return Person(own, made[own].height_m, made[own].mass_kg)


def calibration_findings(
    calibration: Calibration, model_map: ModelMap, participant_id: str
) -> Iterator[Finding]:
    """Lengths that the recordings hardly tell, and lengths that nobody of this stature has."""
    worn = calibration.names.values()
    for one in calibration.lengths:
        if one.unknown:
            slope = length_slopes(calibration.fit)[one.name]
            help_ = helpful_marker(calibration.fit, model_map, worn, slope[None])
            yield _unknown_length(one, participant_id, help_)
        elif one.improbable:
            yield _improbable_length(one, participant_id)
    if not calibration.fit.settled:
        yield Finding(
            rule="calibration-not-settled",
            severity="warning",
            what="the fit of the body still moves after its last step.",
            participant=participant_id,
            fix="look for labels that are elsewhere, and for trials of another person.",
        )


def _unknown_length(one: LengthBelief, participant_id: str, help_: str) -> Finding:
    return Finding(
        rule="length-not-observed",
        severity="warning",
        what=f"{one.words} is {1e3 * one.length:.0f} ± {1e3 * one.sd:.0f} mm: the recordings "
        f"tell {one.told:.0%} of it, the rest is what sex, stature and mass let expect.",
        participant=participant_id,
        number=one.sd,
        unit="m",
        fix=f"{help_ or 'wear markers on the bony landmarks at both ends'}; or enter the stature.",
    )


def _improbable_length(one: LengthBelief, participant_id: str) -> Finding:
    return Finding(
        rule="length-improbable",
        severity="warning",
        what=f"{one.words} is {1e3 * one.length:.0f} mm, {abs(one.distance):.1f} standard "
        f"deviations {'above' if one.distance > 0 else 'below'} the {1e3 * one.expected:.0f} mm "
        "that sex, stature and mass let expect.",
        participant=participant_id,
        number=one.length,
        unit="m",
        fix="check stature, unit of length and labels.",
    )


def label_errors(calibration: Calibration) -> tuple[dict[str, float], float]:
    """RMS distance of each label that the fitted frames show, m, and over all labels."""
    fit = calibration.fit
    distance = np.where(fit.problem.visible, np.linalg.norm(fit.error, axis=2), np.nan)
    seen = np.flatnonzero(fit.problem.visible.any(axis=0))
    labels = [calibration.template.markers.labels[place] for place in seen]
    by_label = np.sqrt(np.nanmean(distance[:, seen] ** 2, axis=0))
    errors = dict(zip(labels, by_label.tolist(), strict=True))
    return errors, float(np.sqrt(np.nanmean(distance**2)))
