"""The file of a body's posterior: `model/<id>_body.nc`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.body.fit import BodyFit
from aqbio.body.posterior import moving_flexion, offset_sds
from aqbio.body.problem import Problem
from aqbio.body.shape import Template
from aqbio.io.netcdf import write_dataset
from aqbio.io.study import Study
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import xarray as xr


def posterior_path(study: Study, participant_id: str) -> Path:
    """Place of a participant's posterior; a model of one's own has none."""
    return study.folder(participant_id, "scale") / f"{participant_id}_body.nc"


def write_posterior(fit: BodyFit, path: Path, attributes: Mapping[str, Any]) -> None:
    """Write means and covariance of a body, and the priors that inverse kinematics shares."""
    write_dataset(posterior_dataset(fit), path, dict(attributes))


def _oddness(problem: Problem) -> FloatArray:
    """(P,) array: by which the deviations of the sizes were multiplied; 1 of everything else."""
    odd = np.ones(problem.shape_size)
    odd[: problem.sizes] *= problem.priors.oddness
    return odd


def posterior_dataset(fit: BodyFit) -> xr.Dataset:
    """The posterior with names for every number."""
    import xarray as xr

    problem, template = fit.problem, fit.problem.template
    size, names = problem.shape_size, unknown_names(template)
    coordinates = [template.skeleton.coordinates[index] for index in problem.free]
    prior = np.linalg.inv(problem.priors.precision)
    posture = fit.covariance[size:, size:]
    return xr.Dataset(
        {
            "mean": ("unknown", fit.state.theta[:size]),
            "prior_mean": ("unknown", problem.priors.mean),
            "prior_sd": ("unknown", np.sqrt(np.diagonal(prior))),
            "covariance": (("unknown", "unknown_too"), fit.shape_covariance),
            "skin_sd": ("label", problem.priors.learned_skin_sd),
            "common": ((), problem.priors.common),
            "oddness": ("unknown", _oddness(problem)),
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
    """Name what slides: the part, and the coordinate of flexion with which it does."""
    parts, coordinates = template.parts.names, template.skeleton.coordinates
    return [f"{parts[part]}:{coordinates[flexion]}" for part, flexion, _ in template.sliding]
