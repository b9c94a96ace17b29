"""Specifications, bodies, other models, turning lines and spreads of what a step says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from aqbio.config import StudySettings, Trial
from aqbio.errors import AqbioError
from aqbio.gait.steps import Step
from aqbio.io.study import load_study
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.multiverse import stage
from aqbio.multiverse.lines import TURNED, line_angles, turning_numbers
from aqbio.multiverse.recomputed import body_of
from aqbio.multiverse.specifications import (
    every_specification,
    is_computable,
    left_out_findings,
    lower_rate,
    pelvis_members,
)
from aqbio.multiverse.stage import is_arm, model_deviations, on_other_models
from aqbio.multiverse.step_rows import trial_sds
from aqbio.observed.mask import NOT_SEEN, Observed
from aqbio.observed.parts import ObservedParts
from aqbio.stats.measurement import COMPARED
from aqbio.virtual.athlete import Athlete, athlete_skeleton
from tests.golden import differences
from tests.mechanics.levels_case import sprint_run
from tests.small_study import write_small_study
from tests.stages.made_contributions import CONTACTS, MAP, TIME, fitted_trial, made_trial
from tests.stages.told import told

SETTINGS = {
    "default": {},
    "no multiverse": {"multiverse": {"enabled": False}},
    "other cut-offs": {"multiverse": {"cutoffs_hz": [15, 20, 60]}, "prepare": {"cutoff_hz": 15}},
    "one of each": {"multiverse": {
        "cutoffs_hz": [15], "event_thresholds_n": [20, 50], "bodies": ["model", "dumas"],
        "pelvis": ["torso", "legs"], "consistency": ["off"]}},
}  # fmt: skip


def _specified(settings: dict, consistent: bool) -> Iterator[object]:
    own = StudySettings(name="made", **settings)
    every = every_specification(own, consistent=consistent)
    yield from (" ".join(map(str, astuple(one))) for one in every)
    yield " ".join(pelvis_members(own))
    rates = {"fast": 250.0, "slow": 60.0, "other": 60.0, "edge": 100.0}
    yield from left_out_findings(every, rates, "P1")
    yield from (
        f"{rate} {[is_computable(one, rate) for one in every]}" for rate in (50.0, 75.1, 180.0)
    )


def _body(table: str, **unknown: str) -> list[np.ndarray]:
    """A person's body by a table of segments; what the sheet does not say is n/a."""
    person = SimpleNamespace(**({"sex": "female", "height_m": 1.7} | dict.fromkeys(unknown)))
    study = SimpleNamespace(
        participant=lambda _: person,
        settings=SimpleNamespace(model=SimpleNamespace(file=unknown.get("file", "sprint"))),
    )
    skeleton = athlete_skeleton(Athlete("P1", "female", 60.5, 1.70))
    found = body_of(study, "P1", skeleton, table)
    return [found.mass, found.com, found.inertia]


def test_golden_specifications_and_bodies():
    cases = {
        f"{name}, fitted {fitted}": lambda own=own, fitted=fitted: _specified(own, fitted)
        for name, own in SETTINGS.items()
        for fitted in (False, True)
    }  # fmt: skip
    cases |= {f"body {one}": lambda one=one: _body(one) for one in ("model", "de_leva", "dumas")}
    cases |= {
        f"body dumas without {one}": lambda one=one: _body("dumas", **{one: "other"})
        for one in ("sex", "height_m", "file")
    }
    cases |= {
        f"rates {a} and {b}": lambda a=a, b=b: lower_rate({"marker_rate": a, "force_rate": b})
        for a, b in ((250.0, 1000.0), (250.0, 0.0), (250.0, 100.0))
    }
    assert differences("multiverse/specifications", told(cases)) == []


# other models ------------------------------------------------------------------------------------


def test_golden_other_models(tmp_path, monkeypatch):
    """A model on which a trial failed, broke, was not processed, or is known."""
    columns = list(COMPARED.values())
    own = pd.DataFrame({"step": [1, 2, 3], **{key: [0.1, 0.2, 9.0] for key in columns}})
    other = pd.DataFrame({"step": [2, 1], **{key: [0.5, 0.2] for key in columns}})
    expected = {name: pytest.approx((0.1 + 0.3) / 2) for name in COMPARED}
    assert model_deviations(own, other) == expected
    trial = Trial(participant_id="P1", trial_id="fast", task="run", file="a.c3d")

    def on(model, _trial, _kept):
        match model.within:
            case "models/failed":
                raise AqbioError("stage solve: too few markers", trial="fast")
            case "models/broken":
                raise ZeroDivisionError("made")
            case "models/none":
                return other.assign(step=[7, 8])
        return other

    def model(name):
        names = [] if name == "elsewhere" else [trial]
        return SimpleNamespace(within=f"models/{name}", moving_of=lambda _: names)

    monkeypatch.setattr(stage, "on_other_model", on)
    cases = {}
    for arms in ("[]", "[fast]"):
        file = write_small_study(tmp_path / arms)
        with file.open("a", encoding="utf-8") as text:
            text.write(f"other_models: {{models: {{one: {{}}}}, trials: {arms}}}\n")
        study = load_study(file)
        assert is_arm(study) is (arms == "[]")  # another sample is not another choice
        for name in ("failed", "broken", "none", "elsewhere", "known"):

            def work(study=study, name=name):
                monkeypatch.setattr(stage, "compared_studies", lambda *_: [model(name)])
                found = on_other_models(study, trial, (), own)
                said = [one.rule for one in found.findings]
                return [*found.deviations, f"arms {list(found.arms)}, {said}"]

            cases[f"{name}, trials {arms}"] = work
    assert differences("multiverse/other_models", told(cases)) == []


# lines that turn ---------------------------------------------------------------------------------

FRAMES = 101
SPAN = np.linspace(0.0, 0.5, FRAMES)
STEPS = (
    Step(1, "right", 0.0, 0.1, 0.25, "ok", ""),
    Step(2, "left", 0.25, 0.35, float("nan"), "incomplete", ""),
)


def test_lines_turn_as_pelvis_and_torso_do():
    """Pelvis by ±0.2 rad twice a second, the torso against it by 0.5 on top, all else straight."""
    run = sprint_run(frames=FRAMES)
    q, names = np.zeros_like(run.motion[0]), run.skeleton.coordinates
    sine = np.sin(4.0 * np.pi * SPAN)
    q[:, names.index("pelvis_ty")] = 1.0
    q[:, names.index("pelvis_rotation")] = 0.2 * sine
    q[:, names.index("lumbar_rotation")] = -0.5 * sine
    moves = segment_kinematics(run.skeleton, q, np.zeros_like(q), np.zeros_like(q))

    def angles(model_map=MAP, lost=()):
        seen = Observed.everything(run.skeleton.bodies, FRAMES).without(lost, NOT_SEEN)
        return line_angles(ObservedParts(seen, run.skeleton, model_map), moves)

    found = angles()
    np.testing.assert_allclose(found - found[0], np.outer(sine, [0.2, -0.3, -0.3]), atol=1e-12)
    unseen = np.isfinite(angles(lost=["hand_l"])).all(axis=0)
    assert unseen.tolist() == [name != "wrists" for name in TURNED]
    groups = {name: one for name, one in MAP.groups.items() if not name.startswith("arm")}
    joints = MAP.joints.model_copy(update={"shoulder": None, "elbow": None})
    without = MAP.model_copy(update={"groups": groups, "joints": joints})
    assert np.isfinite(angles(without)).all(axis=0).tolist() == [True, False, False]
    along = np.linspace(0.0, 1.0, 101)
    free, total = np.full((2, 2, 2, 101, 3), np.nan)
    free[:, 0, :, 1], total[:, 0, :, 1] = -3.0 + 4.0 * along, 0.5 - 2.5 * along
    first = ("step", "phase", "percent")
    curves = xr.Dataset(
        {"free_moment": ((*first, "axis"), free),
         "angular_momentum": ((*first, "group", "axis"), total[:, :, :, None])},
        coords={"phase": ["stance", "flight"], "axis": list("xyz"), "group": ["total"]},
    )  # fmt: skip
    told = turning_numbers(STEPS, SPAN, found, curves)
    for name, size in {"hips": 0.2, "shoulders": 0.3, "wrists": 0.3}.items():
        own = told[f"yaw_range_{name}"]  # a quarter second: 0 to 1 to 0
        assert own[0] == pytest.approx(size, rel=1e-4)
        assert np.isnan(own[1])  # nobody saw the end of that step
    assert told["free_moment_peak"].tolist() == [3.0, 3.0]
    assert told["momentum_peak_total"].tolist() == [2.0, 2.0]


# spreads -----------------------------------------------------------------------------------------


def _sampled(samples: np.ndarray) -> xr.Dataset:
    """A fitted trial whose momenta about the vertical are known in every sample."""
    trial = fitted_trial(made_trial()).drop_vars("group_momentum_sample")
    values = np.zeros((*samples.shape[:2], trial.sizes["group"], 3))
    values[..., 1] = samples
    return trial.assign(group_momentum_sample=(("sample", "time", "group", "axis"), values))


@pytest.mark.parametrize("side", ["right", "left"])
def test_spreads_of_a_step_by_closed_forms(side):
    """Impulse: the change of the whole body's momentum; the lag: peaks, and the clock's share."""
    touchdown, following = CONTACTS["touchdown"][:2]
    step = Step(1, side, touchdown, CONTACTS["toe_off"][0], following, "ok", "")
    slopes = np.random.default_rng(3).normal(2.0, 0.7, 40)
    lines = np.ones((40, len(TIME), 6))  # the other groups: the same in all samples
    lines[..., 0] = slopes[:, None] * TIME
    found = trial_sds(_sampled(lines), [step])["step_yaw_impulse"]
    assert found == pytest.approx(np.std(slopes, ddof=1) * (following - touchdown), rel=1e-6)
    peaks = 0.5 * (touchdown + step.toe_off) + np.random.default_rng(5).normal(0.0, 0.002, 40)
    bumps = np.exp(-(((TIME - peaks[:, None]) / 0.03) ** 2))[..., None] * np.ones(6)
    one, late = (
        trial_sds(_sampled(bumps).assign_attrs(clock_sd=clock), [step])["lag"]
        for clock in (0.0, 0.004)
    )
    assert one == pytest.approx(np.std(peaks, ddof=1) / (following - touchdown), rel=0.05)
    assert late == pytest.approx(np.hypot(one, 0.004 / (following - touchdown)))
