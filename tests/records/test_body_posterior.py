"""The posterior of a body: its file, read back, and what is drawn of it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from aqbio.body.calibration import moving_shape
from aqbio.body.draws import about_model
from aqbio.body.records import body_spread, posterior_path, write_posterior
from aqbio.io.netcdf import read_dataset
from tests.mechanics.calibration.made import CLUSTERS, MAP, fitted, made_person

CLUSTERED = tuple(f"{side}{name}" for side in "RL" for name in CLUSTERS)


@pytest.fixture(scope="module")
def fit():
    return fitted(made_person(0))


@pytest.fixture(scope="module")
def written(fit, tmp_path_factory):
    path = tmp_path_factory.mktemp("body") / "S01_body.nc"
    write_posterior(fit, path, {})
    return read_dataset(path)


def test_offsets_are_those_of_drawn_bodies(fit, written):
    """Bodies drawn from the posterior: what their postures have in common over moving frames."""
    moving = ~fit.problem.frames.still
    rng = np.random.default_rng(1)
    drawn = rng.multivariate_normal(np.zeros(len(fit.covariance)), fit.covariance, 2000)
    off = np.einsum("fcp,np->nc", fit.by_theta[moving], drawn) / moving.sum()
    # 2000 draws know a deviation to 1.6 %, each of some 30 coordinates.
    np.testing.assert_allclose(off.std(axis=0), written["offset_sd"].values, rtol=0.07)


@pytest.fixture(scope="module")
def skeleton(fit):
    """The participant's model, whose markers are called otherwise than the laboratory's labels."""
    template = fit.problem.template
    own = template.skeleton_of(moving_shape(fit))
    return type(own)(
        **{name: getattr(own, name) for name in own.__dataclass_fields__}
        | {"markers": tuple(f"model_{label}" for label in own.markers)}
    )


def _study(folder):
    return SimpleNamespace(
        model_map=MAP,
        marker_set=SimpleNamespace(
            model_name=lambda label: f"model_{label}",
            markers={label: SimpleNamespace(tracking=True, video=False) for label in CLUSTERED},
        ),
        folder=lambda participant, stage: folder / participant / stage,
        participant=lambda participant: SimpleNamespace(sex="male", height_m=1.8),
    )


def test_the_posterior_of_a_calibrated_body_is_drawn(fit, skeleton, tmp_path):
    """Of the markers that were followed, in any order; correlations with sizes included."""
    study = _study(tmp_path)
    path = posterior_path(study, "S01")
    path.parent.mkdir(parents=True)
    write_posterior(fit, path, {})
    names = skeleton.markers[::-1][:20]
    found = body_spread(study, "S01", skeleton, names)
    template, sizes = fit.problem.template, fit.problem.template.sizes
    shape = template.shape(fit.state.theta[: sum(sizes)])
    whole = about_model(fit.shape_covariance, template, shape.offset)
    chosen = [skeleton.markers.index(name) for name in names]
    offsets = (sizes[0] + 3 * np.array(chosen)[:, None] + np.arange(3)).ravel()
    kept = [*range(sizes[0]), *offsets, *range(sum(sizes[:2]), sum(sizes))]
    np.testing.assert_allclose(found.covariance, whole[np.ix_(kept, kept)], rtol=1e-12, atol=0)
    priors = fit.problem.priors
    np.testing.assert_array_equal(
        found.skin_sd, (priors.skin_sd * priors.soft_tissue_scale)[chosen]
    )
    assert found.common == priors.common


def test_a_model_of_ones_own_is_less_sure_than_a_calibrated_one(fit, skeleton, tmp_path):
    """Standing alone tells limbs' lengths less surely than standing and running together."""
    own = body_spread(_study(tmp_path), "S01", skeleton, skeleton.markers).covariance
    names = fit.problem.template.parts.names
    for limb in ("thigh", "shank", "upper_arm", "forearm"):
        along = 3 * names.index(f"{limb}_right") + 1
        ours, theirs = (np.sqrt(one[along, along]) for one in (own, fit.shape_covariance))
        assert 1.1 * theirs < ours < 2.5 * theirs
    thigh = 3 * names.index("thigh_left") + 1
    assert 0.02 < np.sqrt(own[thigh, thigh]) < 0.03
