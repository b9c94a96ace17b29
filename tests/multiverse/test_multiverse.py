"""Specifications, what each starts from, and what steps say: golden words, closed forms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from aqbio.config import StudySettings, Trial
from aqbio.errors import AqbioError
from aqbio.gait.steps import Contact, Step
from aqbio.inverse_dynamics.parameters import PARAMETERS
from aqbio.io.study import load_study
from aqbio.multibody.motion import Motion
from aqbio.multiverse import recomputed, stage
from aqbio.multiverse.recomputed import CachedTrial, MotionSource, body_of, motion_source
from aqbio.multiverse.specifications import (
    all_specifications,
    is_computable,
    left_out_findings,
    lower_rate,
    pelvis_members,
)
from aqbio.multiverse.stage import is_arm, model_deviations, on_other_models
from aqbio.multiverse.step_rows import (
    _step_sd,
    evidence_curves,
    frame_timing_error,
    lag_states,
    step_errors,
    step_numbers,
)
from aqbio.names import ANATOMICAL_GROUPS, AXES, SIDES
from aqbio.observed.mask import NOT_SEEN, Observed
from aqbio.observed.parts import with_observed
from aqbio.prepare.prepared import NO_FREE_MOMENT
from aqbio.signals import resampled
from aqbio.stats.measurement import COMPARED
from aqbio.virtual.athlete import Athlete, athlete_skeleton
from tests import made_run
from tests.case_lines import case_lines
from tests.golden import differences
from tests.levels_case import smooth_run
from tests.made_contributions import CONTACTS, MAP, TIME, coordinates, fitted_trial, made_trial
from tests.small_study import write_small_study

SETTINGS = {
    "default": {},
    "no multiverse": {"multiverse": {"enabled": False}},
    "other cut-offs": {"multiverse": {"cutoffs_hz": [15, 20, 60]}, "prepare": {"cutoff_hz": 15}},
    "one of each": {"multiverse": {
        "cutoffs_hz": [15], "event_thresholds_n": [20, 50], "bodies": ["model", "dumas"],
        "pelvis": ["torso", "legs"], "consistency": ["off"]}},
}  # fmt: skip


def _specified(settings: dict, consistent: bool) -> Iterator[object]:
    study_settings = StudySettings(name="made", **settings)
    specifications = all_specifications(study_settings, consistent=consistent)
    yield from (" ".join(map(str, astuple(specification))) for specification in specifications)
    yield " ".join(pelvis_members(study_settings))
    rates = {"fast": 250.0, "slow": 60.0, "other": 60.0, "edge": 100.0}
    yield from left_out_findings(specifications, rates, "P1")
    yield from (
        f"{rate} {[is_computable(specification, rate) for specification in specifications]}"
        for rate in (50.0, 75.1, 180.0)
    )


def _body(table: str, **unknown: str | None) -> list[np.ndarray]:
    """A person's body by a table of segments; what the sheet does not say is n/a."""
    person = SimpleNamespace(**({"sex": "female", "height_m": 1.7} | dict.fromkeys(unknown)))
    study = SimpleNamespace(
        participant=lambda _: person,
        settings=SimpleNamespace(model=SimpleNamespace(file=unknown.get("file", "sprint"))),
    )
    skeleton = athlete_skeleton(Athlete("P1", "female", 60.5, 1.70))
    body = body_of(study, "P1", skeleton, table)
    return [body.mass, body.com, body.inertia]


def test_words_of_specifications():
    cases = {
        f"{name}, fitted {fitted}": lambda block=settings, fitted=fitted: _specified(block, fitted)
        for name, settings in SETTINGS.items()
        for fitted in (False, True)
    }  # fmt: skip
    cases |= {
        f"rates {a} and {b}": lambda a=a, b=b: (
            f"{lower_rate({'marker_rate': a, 'force_rate': b}):g} Hz"
        )
        for a, b in ((250.0, 1000.0), (250.0, 0.0), (250.0, 100.0))
    }
    assert differences("multiverse/specifications", case_lines(cases)) == []


def test_a_table_of_segments_keeps_mass_and_joints():
    """The whole mass stays, centres stay inside, and what is not known leaves the model's own."""
    model_body = _body("model")
    for table in ("de_leva", "dumas"):
        mass, com, inertia = _body(table)
        assert mass.sum() == pytest.approx(model_body[0].sum(), rel=1e-9)
        moved = np.abs(mass - model_body[0]).max()
        assert moved > 0.01 if table == "dumas" else moved < 1e-3  # the model is de Leva's
        assert np.abs(com - model_body[1]).max() < 0.25
        for tensor in inertia[mass > 0.0]:
            sizes = np.linalg.eigvalsh(tensor)
            assert sizes[0] >= 0.0
            assert sizes[2] <= sizes[:2].sum() * (1.0 + 1e-9)
    for unknown in ("sex", "height_m", "file"):
        with pytest.raises(AqbioError) as refused:
            _body("dumas", **{unknown: None})
        assert refused.value.rule == "specification-unavailable"


def test_words_of_other_models(tmp_path, monkeypatch):
    """A model on which a trial failed, broke, was not processed, or is known."""
    columns = list(COMPARED.values())
    steps = pd.DataFrame({"step": [1, 2, 3], **{key: [0.1, 0.2, 9.0] for key in columns}})
    model_steps = pd.DataFrame({"step": [2, 1], **{key: [0.5, 0.2] for key in columns}})
    expected = {name: pytest.approx((0.1 + 0.3) / 2) for name in COMPARED}
    assert model_deviations(steps, model_steps) == expected
    trial = Trial(participant_id="P1", trial_id="fast", task="run", file="a.c3d")

    def on(model, _trial, _rows):
        match model.within:
            case "models/failed":
                raise AqbioError("stage solve: too few markers", trial="fast")
            case "models/broken":
                raise ZeroDivisionError("made")
            case "models/none":
                return model_steps.assign(step=[7, 8])
        return model_steps

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
                outcome = on_other_models(study, trial, (), steps)
                rules = [finding.rule for finding in outcome.findings]
                sizes = [
                    f"{name} {float(np.ravel(size)[0]):g}"
                    for deviation in outcome.deviations
                    for name, size in deviation.items()
                ]
                return [*sizes, f"arms {list(outcome.arms)}, {rules}"]

            cases[f"{name}, trials {arms}"] = work
    assert differences("multiverse/other_models", case_lines(cases)) == []


FRAMES = 101
STEPS = (
    Step(1, "right", 0.0, 0.1, 0.25, "ok", ""),
    Step(2, "left", 0.25, 0.35, float("nan"), "incomplete", ""),
)


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
    impulse_sd = step_errors(_sampled(lines), [step])["step_yaw_impulse"]
    assert impulse_sd == pytest.approx(np.std(slopes, ddof=1) * (following - touchdown), rel=1e-6)
    peaks = 0.5 * (touchdown + step.toe_off) + np.random.default_rng(5).normal(0.0, 0.002, 40)
    bumps = np.exp(-(((TIME - peaks[:, None]) / 0.03) ** 2))[..., None] * np.ones(6)
    length = following - touchdown
    states = lag_states(_sampled(bumps).assign_attrs(clock_sd=0.004), [step])
    motion = np.array(states["motion"])
    spread = np.std(peaks, ddof=1) / length
    assert np.sqrt((motion**2).mean()) == pytest.approx(spread, rel=0.05)
    assert np.corrcoef(motion, peaks)[0, 1] > 0.99  # state by state, the sample's own peak
    assert states["clock"] == pytest.approx([0.004 / length, -0.004 / length])
    assert lag_states(_sampled(bumps), []) == {}
    bumps[0] = np.nan  # a step without a peak in one sample has no states
    assert lag_states(_sampled(bumps), [step]) == {}


WAYS = {
    specification.name: specification
    for specification in all_specifications(StudySettings(name="made"), consistent=True)
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
    source = motion_source(cached, WAYS["default"])
    np.testing.assert_array_equal(source.motion.q, cached.consistent["q"])
    assert source.skeleton is cached.final
    assert source.parameters == {"clock_offset": 0.004}
    assert motion_source(cached, WAYS["consistency=loose"]) is cached.loose
    off = motion_source(cached, WAYS["consistency=off"])
    assert off.skeleton is cached.scaled
    assert off.parameters == {}
    with pytest.raises(AqbioError, match="looser weights"):
        motion_source(replace(cached, loose=None), WAYS["consistency=loose"])


def test_trial_under_every_specification(cached, tmp_path, monkeypatch):
    """Fitted and plain, with other bodies and cut-offs, without a hand or a free moment."""
    study = load_study(write_small_study(tmp_path))
    case, _ = smooth_run(60)
    contacts = [Contact("right", 0.010, 0.045, True, 0.2), Contact("left", 0.05, 0.055, True, 0.2)]
    load_calls, trials = [], {}

    def loads(_study, _cached, specification, parameters):
        load_calls.append(f"{specification.name} {dict(parameters)}")
        return case.loads, contacts

    monkeypatch.setattr(recomputed, "specified_loads", loads)
    complete = Observed.complete(case.skeleton.bodies, 60)
    attributes = {"surface_height": -0.1, "free_moment": "measured", "belt_speed": 2.0}

    def under(way, name, observed=complete, **attrs):
        prepared = cached.prepared.assign_attrs(attributes | attrs)
        solved = with_observed(cached.solved, observed)
        contributions = xr.Dataset(attrs={"heading": 0.4})
        varied = replace(
            _plain(cached) if way == "plain" else cached, prepared=prepared, solved=solved,
            contributions=contributions, cache={},
        )  # fmt: skip
        data, steps = recomputed.specified_trial(study, "P1", varied, WAYS[name])
        step_lines = [
            f"{step.side} {step.status} {step.reason} {step.touchdown:.3f}" for step in steps
        ]
        if observed is complete and not attrs:
            trials[way, name] = data
        return [load_calls[-1], *step_lines]

    cases = {
        f"{way} {name}": lambda way=way, name=name: under(way, name)
        for way in ("fitted", "plain")
        for name in ("default", "consistency=off", "cutoff=15", "body=dumas", "body=de_leva")
    }
    without_hand = complete.without(["hand_l"], NOT_SEEN)
    cases["a hand that is not seen"] = lambda: under("fitted", "default", without_hand)
    cases["no free moment"] = lambda: under("plain", "default", free_moment=NO_FREE_MOMENT)
    assert differences("multiverse/specified", case_lines(cases)) == []
    momentum = {key: data["group_angular_momentum"].values for key, data in trials.items()}
    heavy, light = momentum["fitted", "default"], momentum["fitted", "consistency=off"]
    finite = np.isfinite(heavy) & np.isfinite(light)
    assert np.linalg.norm(heavy[finite]) / np.linalg.norm(light[finite]) == pytest.approx(
        1.1, abs=0.05
    )
    for name in ("cutoff=15", "body=dumas", "body=de_leva"):
        assert np.nanmax(np.abs(momentum["plain", name] - momentum["plain", "default"])) > 1e-3


def test_loads_under_every_specification(prepared_study):
    """Thresholds, cut-offs and a clock that is late; frames that were solved; no plates."""
    data = prepared_study.data
    made_run.write_c3d_run(data / "run.c3d")
    made_run.write_trc_run(data, "run")
    prepared_trials = prepared_study(
        ["fast\trun\trun.c3d\tn/a\tn/a", "bare\trun\trun.trc\tn/a\tn/a"]
    )
    study = load_study(data.parent / "study.yaml")

    def under(trial, name, late=None):
        prepared = prepared_trials.trial(trial)
        solved = xr.Dataset(coords={"time": prepared["time"].values[20:-10]})
        cached = CachedTrial(prepared, solved, xr.Dataset(), xr.Dataset(), None, None)
        values = (
            {} if late is None else {parameter.name: parameter.prior for parameter in PARAMETERS}
        )
        parameters = values | ({} if late is None else {"clock_offset": late})
        loads, contacts = recomputed.specified_loads(study, cached, WAYS[name], parameters)
        for contact in contacts:
            yield f"{contact.side} {contact.complete} {contact.shared}"
            numbers = [
                contact.touchdown,
                contact.toe_off,
                contact.edge_distance,
                contact.time_error,
            ]
            yield np.array(numbers)
        for load in loads:
            yield {load.body: np.stack([load.force, load.moment]), "point": load.point}

    default, strict, late = (
        [*under("fast", *arguments)]
        for arguments in (("default",), ("threshold=50",), ("default", 0.004))
    )
    ends = [item for item in default if isinstance(item, np.ndarray)]
    later = [item for item in strict if isinstance(item, np.ndarray)]
    shifted = [item for item in late if isinstance(item, np.ndarray)]
    assert len(ends) == len(later) == len(shifted) > 1
    for first, second, moved in zip(ends, later, shifted, strict=True):
        assert first[0] <= second[0] < second[1] <= first[1]  # more force: later on, earlier off
        np.testing.assert_allclose(np.abs(moved[:2] - first[:2]), 0.004, atol=1e-3)
    assert any(first[0] < second[0] for first, second in zip(ends, later, strict=True))
    smooth, rough = ([load for load in items if isinstance(load, dict)]
                     for items in ([*under("fast", "cutoff=15")], default))  # fmt: skip
    for cut, uncut in zip(smooth, rough, strict=True):
        (name, forces), *_ = cut.items()
        vertical, before = (np.nan_to_num(values[0][:, 1]) for values in (forces, uncut[name]))
        assert vertical.max() < before.max()  # a peak is cut,
        assert vertical.sum() == pytest.approx(before.sum(), rel=0.02)  # the impulse stays
    bare = [item for item in under("bare", "default") if isinstance(item, dict)]
    assert not any(np.nan_to_num(next(iter(load.values()))).any() for load in bare)


CUT_FRAMES = 201
CUT_TIME = np.linspace(0.0, 1.0, CUT_FRAMES)
CUT_STEPS = (Step(1, "left", 0.1, 0.25, 0.4, "ok", ""), Step(2, "right", 0.4, 0.55, 0.7, "ok", ""))


def _trial(groups=ANATOMICAL_GROUPS):
    """Momenta that are straight lines in time: splines give them back to round-off."""
    random = np.random.default_rng(1)
    start, rate = random.standard_normal((2, len(groups), 3))
    unit_vector = (("time", "axis"), np.ones((CUT_FRAMES, 3)))
    by_group = ("time", "group", "axis")
    return xr.Dataset(
        {
            "group_angular_momentum": (by_group, start + CUT_TIME[:, None, None] * rate),
            "relative_force": (by_group, np.ones((CUT_FRAMES, len(groups), 3))),
            "ground_force": (("time", "foot", "axis"), np.ones((CUT_FRAMES, 2, 3))),
            "external_moment": unit_vector,
            "com": unit_vector,
            "com_velocity": unit_vector,
            "joint_moment_coordinate": (
                ("time", "coordinate"),
                np.ones((CUT_FRAMES, len(coordinates()))),
            ),
        },
        coords={
            "time": CUT_TIME,
            "group": list(groups),
            "coordinate": list(coordinates()),
            "foot": list(SIDES),
            "axis": list(AXES),
        },
        attrs={"belt_speed": 0.0},
    )


def _momentum(trial, *roles):
    """(2, 2, 101, roles, 3) of both steps."""
    curves = evidence_curves(trial, CUT_STEPS, MAP)
    return curves["angular_momentum"].sel(group=list(roles)).values


def test_the_index_of_the_swing_leg_is_that_of_hip_and_knee():
    """Moments of 3, 4 and 12 N m at hip, knee and ankle: 13 for the push leg, 5 for the other."""
    trial = _trial()
    for joint, moment in {"hip": 3.0, "knee": 4.0, "ankle": 12.0}.items():
        names = list(MAP.sagittal[joint].model_dump().values())
        trial["joint_moment_coordinate"].loc[{"coordinate": names}] = moment
    numbers = step_numbers(evidence_curves(trial, CUT_STEPS, MAP), CUT_STEPS)
    np.testing.assert_allclose(numbers["push_index"], 13.0)
    np.testing.assert_allclose(numbers["swing_index"], 5.0)
    np.testing.assert_allclose(numbers["log_ratio_moments"], np.log(13.0 / 5.0))


def test_a_leg_without_moments_has_no_ratio_to_the_other():
    """Only the left one has any: it pushes in the first step and swings in the second."""
    trial = _trial()
    right = [MAP.sagittal[joint].right for joint in ("hip", "knee", "ankle")]
    trial["joint_moment_coordinate"].loc[{"coordinate": right}] = 0.0
    numbers = step_numbers(evidence_curves(trial, CUT_STEPS, MAP), CUT_STEPS)
    assert (numbers["push_index"] > 0.0).tolist() == [True, False]
    assert (numbers["swing_index"] > 0.0).tolist() == [False, True]
    assert numbers["log_ratio_moments"].isna().all()


def test_numbers_of_a_step_are_those_of_its_curves():
    """Straight lines in time: the cosine of arms and push leg by sums over 101 samples."""
    curves = evidence_curves(_trial(), CUT_STEPS, MAP)
    arms, push = (
        curves["angular_momentum"].sel(phase="stance", group=group, axis="y").values
        for group in ("arms", "push_leg")
    )
    expected = (arms * push).sum(1) / np.sqrt((arms**2).sum(1) * (push**2).sum(1))
    numbers = step_numbers(curves, CUT_STEPS)
    np.testing.assert_allclose(numbers["arms_push_cosine"], expected, rtol=1e-12)
    assert numbers["shows_arms"].tolist() == numbers["shows_legs"].tolist() == [1.0, 1.0]


def test_error_shared_by_steps_of_a_side_is_no_error_of_a_step():
    """An error that repeats on the left is in all left steps, and in none of their scatter."""
    random = np.random.default_rng(8)
    sides = ["left", "right"] * 6
    common, single = random.normal(0.0, 0.5, (2, 4000)), random.normal(0.0, 0.1, (12, 4000))
    samples = single + common[[int(side == "left") for side in sides]]
    assert _step_sd(samples, sides) == pytest.approx(0.1, rel=0.02)
    assert _step_sd(samples, ["left"] * 12) > 0.3


@pytest.mark.parametrize("rate", [50.0, 100.0, 250.0])
def test_frame_timing_error_is_an_upper_bound(rate):
    """Peaks of three harmonics of a step, between frames, against their own."""
    duration, errors = 0.35, []
    for phase in np.linspace(0.0, 1.0, 20, endpoint=False):
        time = np.arange(-20, 120) / rate + phase / rate

        def wave(at):
            return sum(
                size * np.cos(2 * np.pi * order * (at / duration - 0.4))
                for order, size in ((1, 1.0), (2, 0.3), (3, 0.1))
            )

        fine = np.linspace(0.0, duration, 2001)
        read = resampled(time, wave(time)[:, None], fine)[:, 0]
        errors.append((fine[read.argmax()] - fine[wave(fine).argmax()]) / duration)
    expected_error = frame_timing_error(1.0 / rate, np.array([duration]))
    assert np.sqrt(np.mean(np.square(errors))) <= expected_error + 1.0 / 2000
    assert expected_error == pytest.approx(30.0 / (rate * duration) ** 3)


def test_impulse_and_shares_of_a_step_whose_curves_are_constant():
    """Forces of 3, 4 and -12 N are 13 N together; 5 N m in contact and -2 N m in flight add up.

    Steps last 0.15 + 0.25 and 0.25 + 0.10 s; the third has no flight, and no impulse of a step.
    """
    steps = (Step(1, "left", 0.1, 0.25, 0.5, "ok", ""), Step(2, "right", 0.5, 0.75, 0.85, "ok", ""),
             Step(3, "left", 0.85, 0.95, float("nan"), "incomplete", ""))  # fmt: skip
    curves = evidence_curves(_trial(), steps, MAP)
    curves["external_moment"].loc[{"axis": "y", "phase": "stance"}] = 5.0
    curves["external_moment"].loc[{"axis": "y", "phase": "flight"}] = -2.0
    for axis, force in zip(AXES, (3.0, 4.0, -12.0), strict=True):
        curves["ground_force"].loc[{"axis": axis}] = force
    for group, force in {"swing_leg": 1.0, "arms": 0.5, "torso": -0.3, "push_leg": 9.0}.items():
        curves["relative_force"].loc[{"group": group, "axis": "y"}] = force
    along = np.linspace(0.0, 0.2, FRAMES)
    speed = np.multiply.outer([1.0, 2.0, 3.0], [8.0 + along, 8.4 + along])
    curves["com_velocity"].loc[{"axis": "x"}] = xr.DataArray(
        speed, dims=("step", "phase", "percent")
    )
    numbers = step_numbers(curves, steps)
    expected = [5.0 * 0.15 - 2.0 * 0.25, 5.0 * 0.25 - 2.0 * 0.10, np.nan]
    np.testing.assert_allclose(numbers["yaw_impulse"], expected)
    np.testing.assert_allclose(numbers["contact_s"], [0.15, 0.25, 0.10])
    np.testing.assert_allclose(numbers["flight_s"], [0.25, 0.10, np.nan])
    for name, value in {"forward_ratio": 3 / 13, "lateral_ratio": 12 / 13, "force_mean_n": 13.0,
                        "hub_share": 1.2 / 4.0}.items():  # fmt: skip
        np.testing.assert_allclose(numbers[name], value, err_msg=name)
    np.testing.assert_allclose(numbers["speed_change_mps"], [0.6, 1.2, 0.6])
