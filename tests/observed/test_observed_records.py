"""Parts of a body that a recording shows, words for the rest, and levels that remain."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from aqbio.body.statements import body_masses
from aqbio.config import StudySettings
from aqbio.contributions.dataset import contributions_dataset
from aqbio.contributions.files import momentum_samples, with_posterior
from aqbio.contributions.misfits import trial_misfits
from aqbio.contributions.trial import trial_contributions
from aqbio.gait.roles import RoleScheme
from aqbio.gait.steps import rotation_about_vertical
from aqbio.inverse_kinematics import solution
from aqbio.inverse_kinematics.solution import SolvedTrial
from aqbio.io.netcdf import write_dataset
from aqbio.io.study import load_study
from aqbio.multibody.kinematics import marker_positions
from aqbio.multibody.motion import Motion
from aqbio.multiverse.specifications import all_specifications, left_out_findings, pelvis_members
from aqbio.observed.determined import determined, determined_by_file, segment_sds, usual_covariance
from aqbio.observed.mask import NOT_IN_FILE, NOT_IN_MODEL, NOT_SEEN, SOME_FRAMES, Observed
from aqbio.observed.parts import (
    CENTRE_FREE_VARIABLES,
    CENTRE_VARIABLES,
    PART_DIMENSION,
    PELVIS_VARIABLES,
    ObservedParts,
    incomplete_reason,
    lost_findings,
    lost_parts,
    observed_only,
    read_observed,
)
from tests.golden import differences, first_of_each_kind
from tests.levels_case import smooth_run
from tests.made_contributions import MAP, RIGHT, grounded, prepared_of
from tests.small_study import write_small_study

FRAMES = 60
GROUPS = MAP.groups
ALL, EARLY = np.ones(FRAMES, dtype=bool), np.arange(FRAMES) < 20
ABOUT_COM = {
    name for name, along in PART_DIMENSION.items() if along in ("segment", "group")
} - CENTRE_FREE_VARIABLES
LOST_PARTS = {
    "nothing": ((), NOT_SEEN, ALL),
    "forearm": (("radius_l", "hand_l"), NOT_SEEN, ALL),
    "arm": (("humerus_r", "radius_r", "hand_r"), NOT_SEEN, ALL),
    "both arms": ((*GROUPS["arm_left"], *GROUPS["arm_right"]), NOT_SEEN, ALL),
    "trunk": ((*GROUPS["torso"], *GROUPS["arm_left"], *GROUPS["arm_right"]), NOT_SEEN, ALL),
    "foot": (("foot_l",), NOT_SEEN, ALL),
    "leg": (("femur_r", "tibia_r", "foot_r"), NOT_SEEN, ALL),
    "forearm at first": (("radius_l",), SOME_FRAMES, EARLY),
    "trunk that stands for arms": (("torso",), NOT_IN_MODEL, ALL),
    "pelvis of the model": (("pelvis",), NOT_IN_MODEL, ALL),
    "trunk of the file": (("torso",), NOT_IN_FILE, ALL),
}
"""Unobserved segments, the reason, and their frames."""

ENDS = [
    [f"{segment}_{side}" for segment in chain[start:]]
    for chain in (("femur", "tibia", "foot", "toes"), ("humerus", "radius", "hand"))
    for start in range(len(chain))
    for side in "lr"
]
"""Limbs from a segment to their end: an unobserved segment makes those beyond it unknown."""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return load_study(write_small_study(tmp_path_factory.mktemp("study")))


@pytest.fixture(scope="module")
def run():
    case, time = smooth_run(FRAMES)
    foot_planted = np.stack([time < 0, (time >= RIGHT.touchdown) & (time <= RIGHT.toe_off)], axis=1)
    return grounded(case, foot_planted), time


def complete_mask(run) -> Observed:
    return Observed.complete(run[0].skeleton.bodies, FRAMES)


def masked_contributions(study, run, observed, motion=None) -> xr.Dataset:
    """Contributions of a run of which some was observed."""
    case, time = run
    moved = Motion(*case.motion) if motion is None else motion
    data = prepared_of(case, time, np.ones(len(time), dtype=bool))
    result = trial_contributions(study.model_map, case.skeleton, data, moved)
    parts = ObservedParts(observed, case.skeleton, study.model_map)
    return observed_only(contributions_dataset(result, data, 0.0), parts, RoleScheme())


def moved_otherwise(case, segments) -> Motion:
    """The same motion but for joints of some segments, which swing in another way."""
    skeleton = case.skeleton
    of_segments = np.isin(np.array(skeleton.bodies)[skeleton.axes.body], segments)
    columns = np.unique(skeleton.driver[of_segments & (skeleton.driver >= 0)])
    motion = [values.copy() for values in case.motion]
    for values in motion:
        values[:, columns] = 0.3 - 0.7 * values[:, columns]
    return Motion(*motion)


@pytest.mark.parametrize("seed", range(5))
def test_levels_do_not_depend_on_the_motion_of_unseen_segments(study, run, seed):
    """Unobserved limbs swing differently: every remaining number, and its widening, is the same."""
    case, random = run[0], np.random.default_rng(seed)
    chosen = random.choice(len(ENDS), random.integers(1, 4), replace=False)
    lost_bodies = sorted({body for chain in chosen for body in ENDS[chain]})
    lost_bodies = lost_bodies if seed else list(LOST_PARTS["trunk"][0])
    mask = complete_mask(run).without(lost_bodies, NOT_SEEN)
    contributions = masked_contributions(study, run, mask)
    of_other_motion = masked_contributions(study, run, mask, moved_otherwise(case, lost_bodies))
    for variable in contributions.data_vars:
        if contributions[variable].dtype.kind != "f" or variable in {
            *PELVIS_VARIABLES,
            *CENTRE_VARIABLES,
            *ABOUT_COM,
        }:
            continue
        first, second = contributions[variable].values, of_other_motion[variable].values
        size = np.nanmax(np.abs(first)) if np.isfinite(first).any() else 0.0
        np.testing.assert_allclose(
            second, first, rtol=1e-9, atol=1e-9 * size, err_msg=str(variable)
        )
    misfits, otherwise = (
        trial_misfits(data.assign_attrs(motion="plain"), {})
        for data in (contributions, of_other_motion)
    )
    assert misfits == pytest.approx(otherwise, rel=1e-9)


def _lines(study, run) -> Iterator[str]:
    """Words of every loss, and how many values of which parts it takes from which variables."""
    for name, (bodies, reason, frames) in LOST_PARTS.items():
        mask = complete_mask(run).without(list(bodies), reason, frames)
        yield f"# {name}: {lost_parts(mask, GROUPS)}"
        for period, within in (("all", ALL), ("late", ~EARLY)):
            yield f"{period}: {incomplete_reason(mask, GROUPS, within)}"
            for finding in lost_findings(mask, GROUPS, within, "sprint"):
                yield f"{period}: {finding.severity} {finding.rule}: {finding.what} {finding.fix}"
        parts = ObservedParts(mask, run[0].skeleton, study.model_map)
        unseen_coordinates = np.array(run[0].skeleton.coordinates)[
            parts.unseen(np.array([], dtype=int))
        ]
        yield f"drawn: {' '.join(unseen_coordinates)}"
        contributions = masked_contributions(study, run, mask)
        np.testing.assert_array_equal(read_observed(contributions).mask, mask.mask)
        variables_by_loss: dict[str, list[str]] = {}
        for variable in sorted(map(str, contributions.data_vars)):
            values = contributions[variable]
            if values.dtype.kind != "f" or "time" not in values.dims:
                continue
            along = [
                str(dimension)
                for dimension in values.dims[1:]
                if dimension in values.coords and dimension != "axis"
            ]
            finite = values.notnull().transpose(*along, ...).values
            flat = finite.reshape(*finite.shape[:1], -1) if along else finite.reshape(1, -1)
            names = values[along[0]].values if along else [""]
            parts_gone = " ".join(
                f"{part} ({(~finite_frames).sum()})"
                for part, finite_frames in zip(names, flat, strict=True)
                if not finite_frames.all()
            )
            variables_by_loss.setdefault(parts_gone, []).append(variable)
        yield from (
            f"without {parts}: {', '.join(variables)}"
            for parts, variables in variables_by_loss.items()
            if parts
        )


def test_masks_and_their_words_are_golden(study, run):
    lines = (line.rstrip() for line in _lines(study, run))
    lines = first_of_each_kind(lines, lambda line: line if line.startswith("without") else "")
    assert differences("observed_records", lines) == []


def segments_observed(run, hidden=(), frames=slice(None)) -> np.ndarray:
    """Segments that the model's markers determine, (T, S); some bodies' hidden in some frames."""
    skeleton, q = run[0].skeleton, run[0].motion[0]
    positions = marker_positions(skeleton, q)
    bodies = np.array(skeleton.bodies)[skeleton.marker_body]
    for column in np.flatnonzero(np.isin(bodies, hidden)):
        positions[frames, column] = np.nan
    covariance = usual_covariance(skeleton, q, np.arange(len(bodies)), positions)
    return determined(skeleton, *segment_sds(skeleton, q, covariance))


GIRDLES = {f"{bone}_{s}" for bone in ("clavicle", "humerus", "radius", "hand") for s in "lr"}


@pytest.mark.parametrize(
    ("hidden", "columns", "expected"),
    [
        ((), (), set()),
        (("radius_l", "hand_l"), ("elbow_flex_l",), {"radius_l", "hand_l"}),
        (("humerus_r", "radius_r", "hand_r"), None, {"humerus_r", "radius_r", "hand_r"}),
        (None, ("lumbar_bending",), {"torso", "head", *GIRDLES}),
        (("toes_l",), ("mtp_angle_r",), set()),
    ],
)
def test_markers_and_columns_show_what_they_determine(run, hidden, columns, expected):
    skeleton, q = run[0].skeleton, run[0].motion[0]
    masks = [] if hidden is None else [segments_observed(run, hidden)]
    if columns is not None:
        recorded = np.ones(q.shape, dtype=bool)
        recorded[:, [skeleton.coordinates.index(name) for name in columns]] = False
        masks.append(determined_by_file(skeleton, q, recorded))
    for mask in masks:
        lost_bodies = {skeleton.bodies[body] for body in np.flatnonzero(~mask.all(axis=0))}
        assert lost_bodies == expected


# The posterior of a body: its file, read back, and what is drawn of it.


# Samples of a fitted motion, turned into the direction of travel, and their covariances.

HEADING = 0.3
TIME = np.linspace(0.0, 0.3, 31)


@pytest.fixture
def trial():
    """Contributions of two groups with one contact, and twenty samples about them."""
    random = np.random.default_rng(1)
    momentum = random.standard_normal((len(TIME), 2, 3))
    momentum[:5, 1] = np.nan
    contributions = xr.Dataset(
        {
            "group_angular_momentum": (("time", "group", "axis"), momentum),
            "contact_touchdown": ("contact", [0.1]),
            "contact_toe_off": ("contact", [0.2]),
        },
        coords={"time": TIME, "group": ["arms", "legs"], "axis": list("xyz")},
        attrs={"heading": HEADING, "widening_momentum": 1.0, "widening_moments": 2.0},
    )
    by_sample = ("sample", "time", "group", "axis")
    samples = random.standard_normal((2, 20, len(TIME), 2, 3))
    samples -= samples.mean(axis=1, keepdims=True)
    names = ("group_momentum_sample", "group_rate_sample")
    consistent = xr.Dataset(
        {n: (by_sample, values) for n, values in zip(names, samples, strict=True)}
    )
    return contributions, consistent


def test_the_posterior_is_that_of_the_samples_along_the_heading(trial):
    contributions, consistent = trial
    with_samples = with_posterior(contributions, consistent)
    off = consistent["group_momentum_sample"].values @ rotation_about_vertical(-HEADING).T
    values = with_samples["group_momentum_sample"].values
    np.testing.assert_array_equal(values, momentum_samples(contributions, consistent))
    np.testing.assert_allclose(values[:, 5:] - values[:, 5:].mean(axis=0), off[:, 5:], atol=1e-12)
    frame, axis = 10, 1
    expected = np.cov(off[:, frame, :, axis].T, ddof=0)
    covariance = with_samples["group_momentum_covariance"].values[frame, :, :, axis]
    np.testing.assert_allclose(covariance, expected, atol=1e-12)
    stance = off[:, (TIME >= 0.1) & (TIME <= 0.2)].mean(axis=1)
    covariance = with_samples["stance_momentum_covariance"].values[0, :, :, axis]
    np.testing.assert_allclose(covariance, np.cov(stance[..., axis].T, ddof=0), atol=1e-12)


# A solved trial gets the positions that its markers had, and loads where they were measured.


def test_labels_that_nobody_mapped_are_in_no_pose(tmp_path, monkeypatch):
    """Recordings carry points of other software (P1): the danger is an index that is off by one."""
    time, axis = np.arange(4) / 100.0, ["x", "y", "z"]
    raw = np.arange(36.0).reshape(4, 3, 3)
    labels = ["P1", "LASI", "RASI"]
    prepared = xr.Dataset(
        {"marker_raw": (("time", "marker", "axis"), raw)},
        coords={"time": time, "marker": labels, "axis": axis},
        attrs={"free_moment": "measured"},
    )
    followed = np.array([[1, 1], [1, 0], [1, 1], [1, 1]], dtype=bool)
    solved = xr.Dataset(
        {"marker_followed": (("time", "marker"), followed)},
        coords={"time": time, "marker": ["r_asis", "l_asis"]},
    )
    attributes = {"from_coordinates": "", "free_moment": "measured"}
    write_dataset(solved, tmp_path / "run.nc", attributes)
    names = {"LASI": "l_asis", "RASI": "r_asis"}
    study = SimpleNamespace(
        folder=lambda *_: tmp_path,
        trial=lambda *_: None,
        marker_set=SimpleNamespace(markers=names, model_name=names.__getitem__),
        recorded_with=lambda _: study,
    )
    monkeypatch.setattr(solution, "recorded_trial", lambda *_: prepared)
    positions = SolvedTrial.read(study, "someone", "run").solved["marker_position"].values
    np.testing.assert_array_equal(positions[:, 0], raw[:, 2])
    np.testing.assert_array_equal(positions[[0, 2, 3], 1], raw[[0, 2, 3], 1])
    assert np.isnan(positions[1, 1]).all()


# What body masses and specifications of an analysis are decided to be, and the words for it.

ARMS = [
    {},
    {"enabled": False},
    {"cutoffs_hz": [20], "event_thresholds_n": [20], "bodies": ["model"]},
    {"consistency": ["off"], "pelvis": ["out"]},
]
RATES = {"run1": 60.0, "run2": 60.0}, {"run1": 75.0, "run3": 300.0}, {"run1": 75.1}


def _decided() -> Iterator[str]:
    for multiverse in ARMS:
        for consistent in (True, False):
            settings = StudySettings(name="made", multiverse=multiverse)
            specifications = all_specifications(settings, consistent=consistent)
            names = " ".join(specification.name for specification in specifications)
            yield f"# {multiverse}, fitted: {consistent}: {names}"
            yield f"pelvis: {' '.join(pelvis_members(settings))}"
            for rates in RATES:
                for finding in left_out_findings(specifications, rates, "P1"):
                    numbers = f"{finding.number} {finding.limit}"
                    yield f"{finding.severity} {finding.rule}: {finding.what} {numbers}"


def test_golden_decisions():
    assert differences("decisions", (line.rstrip() for line in _decided())) == []
    assert body_masses(None, [{"trial_id": "a"}, {"standing_mass_kg": None}]) == {}
