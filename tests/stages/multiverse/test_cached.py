"""Which motion and body every specification of a trial starts from, fitted and plain."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from aqbio.config import StudySettings
from aqbio.consistency.parameters import PARAMETERS
from aqbio.errors import AqbioError
from aqbio.gait.steps import Contact
from aqbio.io.study import load_study
from aqbio.multibody.motion import Motion
from aqbio.multiverse import recomputed
from aqbio.multiverse.recomputed import CachedTrial, MotionSource, motion_key, motion_source
from aqbio.multiverse.specifications import every_specification
from aqbio.observed.mask import NOT_SEEN, Observed
from aqbio.observed.parts import with_observed
from aqbio.recordings.prepared import NO_FREE_MOMENT
from tests.golden import differences
from tests.mechanics.levels_case import smooth_run
from tests.small_study import write_small_study
from tests.stages import made_run
from tests.stages.told import told

WAYS = {
    specification.name: specification
    for specification in every_specification(StudySettings(name="made"), consistent=True)
}


@pytest.fixture(scope="module")
def cached():
    """A fitted trial of a body that the session made heavier."""
    case, time = smooth_run(60)
    skeleton, (q, u, udot) = case.skeleton, case.motion
    by = ("time", "coordinate")
    solved = xr.Dataset({"q_unfiltered": (by, q)}, coords={"time": time})
    fitted = xr.Dataset(
        {"q": (by, q + 0.01), "u": (by, u), "udot": (by, udot)},
        attrs={"motion": "fitted", "fit_clock_offset": 0.004},
    )
    prepared = xr.Dataset(attrs={"marker_rate": 1.0 / float(time[1] - time[0])})
    heavier = replace(skeleton, mass=1.1 * skeleton.mass)
    loose = MotionSource(Motion(q, u, udot), skeleton, {"clock_offset": 0.003})
    return CachedTrial(prepared, solved, fitted, xr.Dataset(), skeleton, heavier, loose)


def _plain(cached):
    consistent = cached.consistent.assign_attrs(motion="plain")
    return replace(cached, consistent=consistent, loose=None, cache={})


def test_arms_of_a_fitted_trial(cached):
    own = motion_source(cached, WAYS["default"])
    np.testing.assert_array_equal(own.motion.q, cached.consistent["q"])
    assert own.skeleton is cached.final
    assert own.parameters == {"clock_offset": 0.004}
    assert motion_source(cached, WAYS["consistency=loose"]) is cached.loose
    off = motion_source(cached, WAYS["consistency=off"])
    assert off.skeleton is cached.scaled
    assert off.parameters == {}
    with pytest.raises(AqbioError, match="looser weights"):
        motion_source(replace(cached, loose=None), WAYS["consistency=loose"])


def test_a_plain_trial_stays_plain_with_looser_forces(cached):
    """Otherwise the specification would be about other trials than the default."""
    plain = _plain(cached)
    one, other = (motion_source(plain, WAYS[name]) for name in ("consistency=loose", "default"))
    np.testing.assert_array_equal(one.motion.udot, other.motion.udot)
    assert one.skeleton is other.skeleton is plain.final
    assert one.parameters == {}


def test_arms_share_what_they_have_in_common(cached):
    """Thresholds and bodies do not touch the motion; a cut-off does, where it is plain."""
    plain = _plain(cached)
    first = motion_source(plain, WAYS["consistency=off"])
    assert motion_source(plain, WAYS["consistency=off"]) is first
    lower = replace(WAYS["consistency=off"], cutoff_hz=15.0)
    assert motion_source(plain, lower) is not first
    assert motion_key(plain, WAYS["body=dumas"]) == motion_key(plain, WAYS["default"])
    assert motion_key(cached, WAYS["cutoff=15"]) == motion_key(cached, WAYS["default"])


def test_a_plain_trial_without_consistency_has_the_scaled_body(cached):
    plain = _plain(cached)
    off, own = (
        motion_source(plain, WAYS[specification])
        for specification in ("consistency=off", "default")
    )
    np.testing.assert_array_equal(off.motion.q, own.motion.q)
    assert off.skeleton is plain.scaled
    assert own.skeleton is plain.final


def test_golden_trial_under_every_specification(cached, tmp_path, monkeypatch):
    """Fitted and plain, with other bodies and cut-offs, without a hand or a free moment."""
    study = load_study(write_small_study(tmp_path))
    case, _ = smooth_run(60)
    contacts = [Contact("right", 0.010, 0.045, True, 0.2), Contact("left", 0.05, 0.055, True, 0.2)]
    asked = []

    def loads(_study, _cached, specification, parameters):
        asked.append(f"{specification.name} {dict(parameters)}")
        return case.loads, contacts

    monkeypatch.setattr(recomputed, "specified_loads", loads)
    every = Observed.everything(case.skeleton.bodies, 60)
    attributes = {"surface_height": -0.1, "free_moment": "measured", "belt_speed": 2.0}

    def under(way, name, observed=every, **attrs):
        prepared = cached.prepared.assign_attrs(attributes | attrs)
        solved = with_observed(cached.solved, observed)
        turned = xr.Dataset(attrs={"heading": 0.4})
        own = replace(
            _plain(cached) if way == "plain" else cached, prepared=prepared, solved=solved,
            contributions=turned, cache={},
        )  # fmt: skip
        data, steps = recomputed.specified_trial(study, "P1", own, WAYS[name])
        said = [f"{one.side} {one.status} {one.reason} {one.touchdown:.3f}" for one in steps]
        return [asked[-1], *said, {one: data[one].values for one in data.data_vars}]

    cases = {
        f"{way} {name}": lambda way=way, name=name: under(way, name)
        for way in ("fitted", "plain")
        for name in ("default", "consistency=off", "cutoff=15", "body=dumas", "body=de_leva")
    }
    lost = every.without(["hand_l"], NOT_SEEN)
    cases["a hand that is not seen"] = lambda: under("fitted", "default", lost)
    cases["no free moment"] = lambda: under("plain", "default", free_moment=NO_FREE_MOMENT)
    assert differences("multiverse/specified", told(cases)) == []


def test_golden_loads_under_every_specification(prepared_study):
    """Thresholds, cut-offs and a clock that is late; frames that were solved; no plates."""
    data = prepared_study.data
    made_run.write_c3d_run(data / "run.c3d")
    made_run.write_trc_run(data, "run")
    done = prepared_study(["fast\trun\trun.c3d\tn/a\tn/a", "bare\trun\trun.trc\tn/a\tn/a"])
    study = load_study(data.parent / "study.yaml")

    def under(trial, name, late=None):
        prepared = done.trial(trial)
        solved = xr.Dataset(coords={"time": prepared["time"].values[20:-10]})
        own = CachedTrial(prepared, solved, xr.Dataset(), xr.Dataset(), None, None)
        values = {} if late is None else {one.name: one.prior for one in PARAMETERS}
        parameters = values | ({} if late is None else {"clock_offset": late})
        loads, contacts = recomputed.specified_loads(study, own, WAYS[name], parameters)
        for one in contacts:
            yield f"{one.side} {one.complete} {one.shared}"
            numbers = [one.touchdown, one.toe_off, one.edge_distance, one.time_error]
            yield np.array(numbers)
        for one in loads:
            yield {one.body: np.stack([one.force, one.moment]), "point": one.point}

    cases = {
        f"{trial} {name}, late {late}": lambda one=(trial, name, late): under(*one)
        for trial, name, late in (
            ("fast", "default", None), ("fast", "threshold=50", None), ("fast", "cutoff=15", None),
            ("fast", "default", 0.004), ("bare", "default", None),
        )
    }  # fmt: skip
    assert differences("multiverse/loads", told(cases)) == []
