"""Contributions of a trial as later stages read them, and the anatomy of a shipped model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr

from aqbio.config import ModelMap, read_yaml
from aqbio.contributions.misfits import WIDENING
from aqbio.errors import AqbioError
from aqbio.gait.steps import rotation_about_vertical
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import MODELS, Study
from aqbio.names import FIT_STATES
from aqbio.rotation.levels import Anatomy
from aqbio.vectors import BoolArray, FloatArray


def model_anatomy(name: str = "sprint") -> Anatomy:
    """Groups, joints and root of a model.

    Parameters
    ----------
    name : str
        A folder in models/. For another model, make an `Anatomy` of its names.

    Raises
    ------
    AqbioError
        There is no map of that model.

    Examples
    --------
    >>> model_anatomy().groups["leg_left"]
    ('femur_l', 'tibia_l', 'foot_l', 'toes_l')
    """
    path = MODELS / name / "map.yaml"
    if not path.is_file():
        model_names = sorted(folder.parent.name for folder in MODELS.glob("*/map.yaml"))
        raise AqbioError(
            f"there is no model map {name!r}.",
            file=str(path),
            fix=f"take one of {', '.join(model_names)}, or give the model's names to Anatomy "
            "yourself.",
            rule="model-map",
        )
    model_map = read_yaml(path, ModelMap)
    return Anatomy(model_map.groups, model_map.joints.by_name(), model_map.pelvis.joint)


CAUSES = "induced_"
"""Prefix of level C's variables: two thirds of a file, rarely needed."""

UNITS = {"momentum": "kg m2/s", "rate": "N m"}


def trial_contributions(
    study: Study, participant_id: str, trial_id: str
) -> tuple[xr.Dataset, xr.Dataset]:
    """Outputs of stages contributions (with the posterior) and inverse_dynamics."""
    contributions, consistency = stored_contributions(study, participant_id, trial_id)
    return with_posterior(contributions, consistency), consistency


def sampled_contributions(
    study: Study, participant_id: str, trial_id: str
) -> tuple[xr.Dataset, xr.Dataset]:
    """Outputs of both stages without level C, with samples of the groups' momentum."""
    contributions, consistency = stored_contributions(
        study, participant_id, trial_id, without=CAUSES
    )
    if "group_momentum_sample" in consistency:
        contributions = contributions.assign(
            group_momentum_sample=_samples(contributions, consistency)
        )
    return contributions, consistency


def stored_contributions(
    study: Study, participant_id: str, trial_id: str, without: str = ""
) -> tuple[xr.Dataset, xr.Dataset]:
    """Outputs of stages contributions, optionally `without` `CAUSES`, and inverse_dynamics.

    The latter without the states of the fit, which intervals are drawn from.
    """
    contributions, consistency = (
        study.folder(participant_id, stage) / f"{trial_id}.nc"
        for stage in ("contributions", "inverse_dynamics")
    )
    return (
        read_dataset(contributions, keep=False, without=without),
        read_dataset(consistency, keep=False, without=FIT_STATES),
    )


def failed_contributions(study: Study, participant_id: str, trial_id: str) -> str:
    """Reason for which a trial has no contributions; empty if it has."""
    manifest = study.read_manifest(participant_id, "contributions")
    entry = next(
        (trial_entry for trial_entry in manifest["trials"] if trial_entry["trial_id"] == trial_id),
        manifest,
    )
    return str(entry["reason"])


def with_posterior(dataset: xr.Dataset, data: xr.Dataset) -> xr.Dataset:
    """Contributions with the posterior of the groups' momentum and rate, along the heading.

    ``group_momentum_sample`` (sample, time, group, axis), covariances between groups over time
    (``group_momentum_covariance``, ``group_rate_covariance``) and of stance means by contact
    (``stance_momentum_covariance``, ``stance_rate_covariance``); NaN where a group was not
    observed. Unchanged where the trial was not fitted, or has no samples.
    """
    if "group_momentum_sample" not in data:
        return dataset
    variables: dict[str, tuple[Any, ...]] = {}
    estimate = dataset["group_angular_momentum"].values
    for quantity, unit in UNITS.items():
        off = _deviations(dataset, data, quantity)
        means = np.empty((len(off), dataset.sizes["contact"], *off.shape[2:]))
        for number, stance in enumerate(_stances(dataset)):
            means[:, number] = off[:, stance].mean(axis=1)
        variables[f"stance_{quantity}_covariance"] = _covariance(means, "contact", unit)
        off[:, np.isnan(estimate)] = np.nan
        variables[f"group_{quantity}_covariance"] = _covariance(off, "time", unit)
    variables["group_momentum_sample"] = _samples(dataset, data)
    return dataset.assign(variables)


def _samples(dataset: xr.Dataset, data: xr.Dataset) -> tuple[Any, ...]:
    dimensions = ("sample", "time", "group", "axis")
    return dimensions, momentum_samples(dataset, data), {"units": UNITS["momentum"]}


def momentum_samples(dataset: xr.Dataset, data: xr.Dataset) -> FloatArray:
    """Groups' momentum along the heading, (sample, time, group, axis), kg m²/s."""
    return dataset["group_angular_momentum"].values + _deviations(dataset, data, "momentum")


def _deviations(dataset: xr.Dataset, data: xr.Dataset, quantity: str) -> FloatArray:
    """Deviations of samples from the estimate, along the heading, as wide as misfits make them."""
    turn = rotation_about_vertical(-float(dataset.attrs["heading"]))
    kind = "momentum" if quantity == "momentum" else "moments"
    along: FloatArray = data[f"group_{quantity}_sample"].values @ turn.T
    return along * float(dataset.attrs[WIDENING + kind])


def _stances(dataset: xr.Dataset) -> Iterator[BoolArray]:
    """Frames of every contact; at least the frame nearest to its middle."""
    time = dataset["time"].values
    for contact in range(dataset.sizes.get("contact", 0)):
        begin, end = (
            float(dataset[f"contact_{name}"][contact]) for name in ("touchdown", "toe_off")
        )
        inside = (time >= begin) & (time <= end)
        inside[np.argmin(np.abs(time - 0.5 * (begin + end)))] = True
        yield inside


def _covariance(values: FloatArray, along: str, unit: str) -> tuple[Any, ...]:
    """Covariance between groups of samples (N, T or contacts, G, 3) whose mean is zero."""
    by_sample = np.ascontiguousarray(values.transpose(1, 3, 2, 0))
    products = by_sample @ by_sample.swapaxes(2, 3)
    covariance = products.transpose(0, 2, 3, 1) / len(values)
    return (along, "group", "other_group", "axis"), covariance, {"units": f"({unit})^2"}
