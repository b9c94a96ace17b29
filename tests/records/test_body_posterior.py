"""The file of a body's posterior, read back."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.body.records import write_posterior
from aqbio.io.netcdf import read_dataset
from tests.mechanics.calibration.made import fitted, made_person


@pytest.fixture(scope="module")
def fit():
    return fitted(made_person(0))


@pytest.fixture(scope="module")
def written(fit, tmp_path_factory):
    path = tmp_path_factory.mktemp("body") / "S01_body.nc"
    write_posterior(fit, path, {})
    return read_dataset(path)


def test_every_label_has_its_skin(fit, written):
    problem = fit.problem
    for label, sd in zip(
        problem.template.markers.labels, problem.priors.soft_tissue_sd, strict=True
    ):
        assert float(written["skin_sd"].sel(label=label)) == sd
    assert float(written["common"]) == problem.priors.common


def test_every_unknown_has_a_name_and_a_deviation(written):
    sd = np.sqrt(np.diagonal(written["covariance"].values))
    prior = np.maximum(1.0, written["size_scale"].values.max()) * written["prior_sd"].values
    assert len(set(written["unknown"].values)) == len(sd)
    assert np.all((sd > 0.0) & (sd <= prior * (1.0 + 1e-9)))


def test_the_mean_posture_is_that_of_the_run(fit, written):
    """The mean of the fitted frames, drawn a little towards what is believed."""
    moving = ~fit.problem.frames.still
    knee = fit.problem.template.skeleton.coordinates.index("knee_angle_r")
    mean = fit.problem.full(fit.state.q)[moving, knee].mean()
    stated = float(written["mean_posture"].sel(coordinate="knee_angle_r"))
    variance = written["mean_posture_covariance"].sel(coordinate="knee_angle_r")
    sd = float(np.sqrt(variance.sel(coordinate_too="knee_angle_r")))
    assert abs(stated - mean) < 2.0 * sd


def test_offsets_are_those_of_drawn_bodies(fit, written):
    """Bodies drawn from the posterior: what their postures have in common over moving frames."""
    moving = ~fit.problem.frames.still
    rng = np.random.default_rng(1)
    drawn = rng.multivariate_normal(np.zeros(len(fit.covariance)), fit.covariance, 2000)
    off = np.einsum("fcp,np->nc", fit.by_theta[moving], drawn) / moving.sum()
    # 2000 draws know a deviation to 1.6 %, each of some 30 coordinates.
    np.testing.assert_allclose(off.std(axis=0), written["offset_sd"].values, rtol=0.07)
