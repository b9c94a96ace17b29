"""How far a participant's body may be from the model: what stage scale left open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from aqbio.body.body_sizes import body_sizes
from aqbio.body.drawn_bodies import BodySpread, about_model, standing_spread
from aqbio.body.people import Person
from aqbio.body.places import Label, believed_places
from aqbio.body.posterior_record import posterior_path, unknown_names
from aqbio.body.priors import posture_prior, priors, size_prior
from aqbio.body.shape import MarkerPlaces, Template
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import xarray as xr


def body_spread(
    study: Study, participant_id: str, skeleton: Skeleton, names: Sequence[str]
) -> BodySpread:
    """The posterior of a participant's body; of an own model, after one standing trial."""
    chosen = [skeleton.markers.index(name) for name in names]
    places = MarkerPlaces(
        tuple(names), skeleton.marker_body[chosen], skeleton.marker_position[chosen]
    )
    template = Template.of(skeleton, study.model_map, places)
    file = posterior_path(study, participant_id)
    if file.exists():
        return _posterior(study, template, file)
    sheet = study.participant(participant_id)
    person = Person(sheet.sex, sheet.height_m, float(skeleton.mass.sum()))
    sizes = size_prior(template.parts, body_sizes(), person, person)
    postures = posture_prior(skeleton, study.model_map)
    return standing_spread(template, priors(template, sizes, _place_sds(study, template), postures))


def followed_markers(study: Study, data: xr.Dataset) -> dict[str, float]:
    """Weights of the model's markers that inverse kinematics followed in a trial, by name."""
    followed = data["marker_followed"].values.any(axis=0)
    names = list(map(str, data["marker"].values[followed]))
    if data.attrs.get("from_coordinates"):
        return dict.fromkeys(names, 1.0)
    markers = study.marker_set.markers
    weights = {study.marker_set.model_name(x): y.weight for x, y in markers.items()}
    return {name: weights[name] for name in names if name in weights}


def _place_sds(study: Study, template: Template) -> FloatArray:
    """(K, 3) array, m: how far markers may be from landmarks, those of clusters from anywhere."""
    skeleton, markers = template.skeleton, template.markers
    clusters = {
        study.marker_set.model_name(label)
        for label, mapped in study.marker_set.markers.items()
        if mapped.tracking
    }
    labels = {}
    for name, body, (x, y, z) in zip(markers.labels, markers.body, markers.place, strict=True):
        place = None if name in clusters else (float(x), float(y), float(z))
        labels[name] = Label(name, skeleton.bodies[body], place, palpated=True)
    return believed_places(skeleton, template.parts, labels)[1]


def _posterior(study: Study, template: Template, file: Path) -> BodySpread:
    """Posterior of the markers that were followed, about the participant's own model."""
    data = read_dataset(file)
    labels = {study.marker_set.model_name(str(label)): str(label) for label in data["label"].values}
    own = [labels[name] for name in template.markers.labels]
    named = replace(template, markers=replace(template.markers, labels=tuple(own)))
    unknown = unknown_names(named)
    covariance = data["covariance"].sel(unknown=unknown, unknown_too=unknown).values
    offset = template.shape(data["mean"].sel(unknown=unknown).values).offset
    return BodySpread(
        template,
        about_model(covariance, template, offset),
        data["skin_sd"].sel(label=own).values,
        float(data["common"]),
    )
