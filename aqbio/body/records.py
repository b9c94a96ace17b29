"""The files of a participant's model and of its posterior."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from aqbio.body.draws import BodySpread, about_model, standing_spread, twins
from aqbio.body.fit import BodyFit
from aqbio.body.posterior import moving_flexion, offset_sds
from aqbio.body.priors import (
    Label,
    Person,
    body_sizes,
    expected_positions,
    landmark_twins,
    posture_prior,
    priors,
    size_prior,
)
from aqbio.body.shape import Template, TemplateMarkers
from aqbio.io.netcdf import read_dataset, write_dataset
from aqbio.io.study import Study
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray


@dataclass(frozen=True, slots=True)
class ParticipantModel:
    """Files of a participant's model; they exist when stage scale succeeded."""

    participant_id: str
    osim: Path
    table: Path

    @classmethod
    def of(cls, study: Study, participant_id: str) -> ParticipantModel:
        """Paths of a participant's scaled model."""
        return cls._within(study.folder(participant_id, "scale"), participant_id)

    @classmethod
    def adjusted(cls, study: Study, participant_id: str) -> ParticipantModel:
        """Paths of the model that stage inverse_dynamics adjusted to the forces."""
        return cls._within(study.folder(participant_id, "inverse_dynamics"), participant_id)

    @classmethod
    def _within(cls, folder: Path, participant_id: str) -> ParticipantModel:
        return cls(
            participant_id,
            folder / f"{participant_id}.osim",
            folder / f"{participant_id}.skeleton.npz",
        )


SCALED, ADJUSTED = "scaled", "adjusted"
"""Source of a trial's inertia: the scaled model, or the fit of the session."""


def final_model(study: Study, participant_id: str) -> ParticipantModel:
    """The participant's model: the adjusted one where stage inverse_dynamics made one."""
    adjusted = study.read_manifest(participant_id, "inverse_dynamics")["adjusted_model"]
    of = ParticipantModel.adjusted if adjusted else ParticipantModel.of
    return of(study, participant_id)


def posterior_path(study: Study, participant_id: str) -> Path:
    """Path of a participant's posterior; a participant's own model has none."""
    return study.folder(participant_id, "scale") / f"{participant_id}_body.nc"


def write_posterior(fit: BodyFit, path: Path, attributes: Mapping[str, Any]) -> None:
    """Write means and covariance of a body, and the priors that inverse kinematics shares."""
    problem, template = fit.problem, fit.problem.template
    size, names = problem.shape_size, unknown_names(template)
    coordinates = [template.skeleton.coordinates[index] for index in problem.free]
    prior = np.linalg.inv(problem.priors.precision)
    posture = fit.covariance[size:, size:]
    odd = np.ones(size)
    odd[: problem.sizes] *= problem.priors.size_scale
    dataset = xr.Dataset(
        {
            "mean": ("unknown", fit.state.theta[:size]),
            "prior_mean": ("unknown", problem.priors.mean),
            "prior_sd": ("unknown", np.sqrt(np.diagonal(prior))),
            "covariance": (("unknown", "unknown_too"), fit.shape_covariance),
            "skin_sd": ("label", problem.priors.soft_tissue_sd),
            "common": ((), problem.priors.common),
            "size_scale": ("unknown", odd),
            "mean_posture": ("coordinate", fit.state.theta[size:]),
            "mean_posture_covariance": (("coordinate", "coordinate_too"), posture),
            "slide_flexion": ("sliding", moving_flexion(fit)),
            "offset_sd": ("coordinate", offset_sds(fit)),
        },
        coords={
            "unknown": names,
            "unknown_too": names,
            "sliding": slide_names(template),
            "label": list(template.markers.labels),
            "coordinate": coordinates,
            "coordinate_too": coordinates,
        },
    )
    write_dataset(dataset, path, dict(attributes))


def unknown_names(template: Template) -> list[str]:
    """Name every unknown of a shape.

    Log factors by part and axis, offsets (m) by label and axis, tilts (rad) by joint, slides (m
    by a right angle of flexion) by part, coordinate and axis.
    """
    axes = "xyz"
    names = [f"log_factor:{part}:{axis}" for part in template.parts.names for axis in axes]
    names += [f"offset:{label}:{axis}" for label in template.markers.labels for axis in axes]
    joints = [template.skeleton.joints[body] for body in template.hinges]
    names += [f"tilt:{joint}:{number}" for joint in joints for number in (1, 2)]
    return names + [f"slide:{slide}:{axis}" for slide in slide_names(template) for axis in axes]


def slide_names(template: Template) -> list[str]:
    """Name every sliding part of the skin: the part, and the coordinate of its flexion."""
    parts, coordinates = template.parts.names, template.skeleton.coordinates
    return [f"{parts[part]}:{coordinates[flexion]}" for part, flexion, _ in template.sliding]


def body_spread(
    study: Study, participant_id: str, skeleton: Skeleton, names: Sequence[str]
) -> BodySpread:
    """Posterior of a participant's body; for an own model, that after one standing trial."""
    chosen = [skeleton.markers.index(name) for name in names]
    markers = TemplateMarkers(
        tuple(names), skeleton.marker_body[chosen], skeleton.marker_position[chosen]
    )
    template = Template.of(skeleton, study.model_map, markers)
    file = posterior_path(study, participant_id)
    if file.exists():
        return _posterior(study, template, file)
    sheet = study.participant(participant_id)
    person = Person(sheet.sex, sheet.height_m, float(skeleton.mass.sum()))
    sizes = size_prior(template.parts, body_sizes(), person, person)
    postures = posture_prior(skeleton, study.model_map)
    sds = _position_sds(study, template)
    twin = twins(skeleton.bodies, study.model_map.groups)
    marked = study.marker_set.markers.items()
    video = {study.marker_set.model_name(label) for label, marker in marked if marker.video}
    chosen = [number for number, name in enumerate(names) if name not in video]
    pairs = landmark_twins(markers, twin, sds, chosen)
    return standing_spread(template, priors(template, sizes, sds, postures, twins=pairs))


def followed_markers(study: Study, data: xr.Dataset) -> dict[str, float]:
    """Weights of the model's markers that inverse kinematics followed in a trial, by name."""
    followed = data["marker_followed"].values.any(axis=0)
    names = list(map(str, data["marker"].values[followed]))
    if data.attrs.get("from_coordinates"):
        return dict.fromkeys(names, 1.0)
    markers = study.marker_set.markers
    weights = {study.marker_set.model_name(x): y.weight for x, y in markers.items()}
    return {name: weights[name] for name in names if name in weights}


def _position_sds(study: Study, template: Template) -> FloatArray:
    """(K, 3) array, m: prior SDs of the markers' positions, larger for cluster markers."""
    skeleton, markers, marked = template.skeleton, template.markers, study.marker_set.markers
    mapped = {study.marker_set.model_name(label): marker for label, marker in marked.items()}
    labels = {}
    for name, body, (x, y, z) in zip(markers.labels, markers.body, markers.position, strict=True):
        marker = mapped.get(name)
        position = None if marker and marker.tracking else (float(x), float(y), float(z))
        video = marker is not None and marker.video
        labels[name] = Label(name, skeleton.bodies[body], position, palpated=True, video=video)
    return expected_positions(skeleton, template.parts, labels)[1]


def _posterior(study: Study, template: Template, file: Path) -> BodySpread:
    """Posterior of the markers that were followed, about the participant's own model."""
    data = read_dataset(file)
    labels = {study.marker_set.model_name(str(label)): str(label) for label in data["label"].values}
    label_names = [labels[name] for name in template.markers.labels]
    labelled = replace(template, markers=replace(template.markers, labels=tuple(label_names)))
    unknown = unknown_names(labelled)
    covariance = data["covariance"].sel(unknown=unknown, unknown_too=unknown).values
    offset = template.shape(data["mean"].sel(unknown=unknown).values).offset
    return BodySpread(
        template,
        about_model(covariance, template, offset),
        data["skin_sd"].sel(label=label_names).values,
        float(data["common"]),
    )
