"""What a recording shows of a body, the words for the rest, and what is then told of the levels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import xarray as xr

from aqbio.contributions.dataset import contributions_dataset
from aqbio.contributions.stage import held_findings, trial_contributions
from aqbio.gait.roles import RoleScheme
from aqbio.io.study import load_study
from aqbio.multibody.kinematics import marker_positions
from aqbio.multibody.motion import Motion
from aqbio.observed.determined import (
    bridged,
    determined,
    determined_by_file,
    filled_coordinates,
    segment_sds,
    usual_covariance,
)
from aqbio.observed.mask import (
    NOT_IN_FILE,
    NOT_IN_MODEL,
    NOT_SEEN,
    SOME_FRAMES,
    Observed,
    observed_from,
)
from aqbio.observed.parts import (
    ALONG,
    CENTRE,
    PELVIS,
    SHARES,
    ObservedParts,
    lost_findings,
    lost_parts,
    observed_only,
    of_the_model,
    read_observed,
    why_not_whole,
    with_observed,
)
from tests.golden import differences, sizes
from tests.mechanics.levels_case import smooth_run
from tests.small_study import write_small_study
from tests.stages.made_contributions import MAP, RIGHT, grounded, prepared_of

FRAMES = 60
GROUPS = MAP.groups
ALL, EARLY = np.ones(FRAMES, dtype=bool), np.arange(FRAMES) < 20
ABOUT_COM = {name for name, along in ALONG.items() if along in ("segment", "group")} - SHARES
LOST = {
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
"""Segments, why they are lost, and in which frames."""

ENDS = [
    [f"{one}_{side}" for one in chain[start:]]
    for chain in (("femur", "tibia", "foot", "toes"), ("humerus", "radius", "hand"))
    for start in range(len(chain))
    for side in "lr"
]
"""Limbs from a segment to their end: what hangs on a lost segment is not where the model has it."""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return load_study(write_small_study(tmp_path_factory.mktemp("study")))


@pytest.fixture(scope="module")
def run():
    case, time = smooth_run(FRAMES)
    held = np.stack([time < 0, (time >= RIGHT.touchdown) & (time <= RIGHT.toe_off)], axis=1)
    return grounded(case, held), time


def everything(run) -> Observed:
    return Observed.everything(run[0].skeleton.bodies, FRAMES)


def told(study, run, observed, motion=None) -> xr.Dataset:
    """Contributions of a run of which some was observed."""
    case, time = run
    moved = Motion(*case.motion) if motion is None else motion
    data = prepared_of(case, time, np.ones(len(time), dtype=bool))
    result = trial_contributions(study, case.skeleton, data, moved)
    parts = ObservedParts(observed, case.skeleton, study.model_map)
    return observed_only(contributions_dataset(result, data, 0.0), parts, RoleScheme())


def moved_otherwise(case, segments) -> Motion:
    """The same motion but for joints of some segments, which swing in another way."""
    skeleton = case.skeleton
    own = np.isin(np.array(skeleton.bodies)[skeleton.axes.body], segments)
    columns = np.unique(skeleton.driver[own & (skeleton.driver >= 0)])
    motion = [values.copy() for values in case.motion]
    for values in motion:
        values[:, columns] = 0.3 - 0.7 * values[:, columns]
    return Motion(*motion)


@pytest.mark.parametrize("seed", range(5))
def test_what_is_told_does_not_move_with_what_is_lost(study, run, seed):
    """Lost limbs swing otherwise: every number that is left is the same, of whatever limbs."""
    case, random = run[0], np.random.default_rng(seed)
    chosen = random.choice(len(ENDS), random.integers(1, 4), replace=False)
    lost = sorted({one for place in chosen for one in ENDS[place]})
    lost = lost if seed else list(LOST["trunk"][0])
    mask = everything(run).without(lost, NOT_SEEN)
    found = told(study, run, mask)
    other = told(study, run, mask, moved_otherwise(case, lost))
    for variable in found.data_vars:
        if found[variable].dtype.kind != "f" or variable in {*PELVIS, *CENTRE, *ABOUT_COM}:
            continue
        one, two = found[variable].values, other[variable].values
        size = np.nanmax(np.abs(one)) if np.isfinite(one).any() else 0.0
        np.testing.assert_allclose(two, one, rtol=1e-9, atol=1e-9 * size, err_msg=str(variable))


def _lines(study, run) -> Iterator[str]:
    """Of every loss: the words, and per variable and part how many frames are known and what."""
    for name, (bodies, reason, frames) in LOST.items():
        mask = everything(run).without(list(bodies), reason, frames)
        yield f"# {name}: {lost_parts(mask, GROUPS)}"
        for called, within in (("all", ALL), ("late", ~EARLY)):
            yield f"{called}: {why_not_whole(mask, GROUPS, within)}"
            for one in lost_findings(mask, GROUPS, within, "sprint"):
                yield f"{called}: {one.severity} {one.rule}: {one.what} {one.fix}"
        parts = ObservedParts(mask, run[0].skeleton, study.model_map)
        drawn = np.array(run[0].skeleton.coordinates)[parts.unseen(np.array([], dtype=int))]
        yield f"drawn: {' '.join(drawn)}"
        found = told(study, run, mask)
        np.testing.assert_array_equal(read_observed(found).mask, mask.mask)
        for variable in sorted(map(str, found.data_vars)):
            values = found[variable]
            if values.dtype.kind != "f" or "time" not in values.dims:
                continue
            along = [str(one) for one in values.dims[1:] if one in values.coords and one != "axis"]
            known = values.notnull().transpose(*along, ...).values
            flat = known.reshape(*known.shape[:1], -1) if along else known.reshape(1, -1)
            names = values[along[0]].values if along else [""]
            gone = [
                f"{part} ({(~one).sum()})"
                for part, one in zip(names, flat, strict=True)
                if not one.all()
            ]
            yield f"{variable}: {sizes(values.values.ravel())} without {' '.join(gone)}"


def test_masks_and_their_words_are_golden(study, run):
    assert differences("observed_records", (one.rstrip() for one in _lines(study, run))) == []


def test_the_moment_about_an_axis_that_is_not_told_is_missing_there(study, run):
    """A segment's mass may be seen although nobody sees how it is turned."""
    skeleton, name = run[0].skeleton, "arm_rot_l"
    told_ones = np.tile([one != name for one in skeleton.coordinates], (FRAMES, 1))
    told_ones[30:] = True
    whole = told(study, run, everything(run))
    found = told(study, run, everything(run).determine(skeleton.coordinates, told_ones, 0))
    moment = "joint_moment_coordinate"
    lost = found[moment].isnull() & whole[moment].notnull()
    assert set(lost["coordinate"].values[lost.any("time")]) == {name}
    assert lost.sel(coordinate=name).values.tolist() == (np.arange(FRAMES) < 30).tolist()
    assert found["residual_moment"].notnull().equals(whole["residual_moment"].notnull())
    np.testing.assert_array_equal(found["coordinate_observed"].values, told_ones)


def test_joints_between_markers_that_do_not_tell_them_are_named(study, run):
    """Girdles that arms move, held because only their neighbours wear markers."""
    bodies = np.array(run[0].skeleton.bodies)[run[0].skeleton.marker_body]
    parts = ObservedParts(everything(run), run[0].skeleton, study.model_map)
    worn = np.flatnonzero(np.isin(bodies, ["humerus_l", "torso", "head"]))
    (said,) = held_findings(parts, worn, "run")
    assert (said.rule, said.number) == ("joints-held", 2.0)
    for name in ("clavicle_elevation_l", "clavicle_protraction_l"):
        assert name in said.what
    assert held_findings(parts, np.flatnonzero(bodies == "torso"), "run") == []


# what is observed ---------------------------------------------------------------------------------


def seen_of(run, hidden=(), frames=slice(None)) -> np.ndarray:
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
    shown = [] if hidden is None else [seen_of(run, hidden)]
    if columns is not None:
        held = np.ones(q.shape, dtype=bool)
        held[:, [skeleton.coordinates.index(name) for name in columns]] = False
        shown.append(determined_by_file(skeleton, q, held))
    for known in shown:
        lost = {skeleton.bodies[body] for body in np.flatnonzero(~known.all(axis=0))}
        assert lost == expected


def test_markers_that_go_for_a_short_while_lose_nothing(run):
    for gap, gone in ((slice(20, 24), False), (slice(20, 25), True)):
        shown = seen_of(run, GROUPS["arm_left"], gap)
        mask = observed_from(run[0].skeleton.bodies, shown, 4, NOT_SEEN)
        assert bool(mask.lost_segments()) == gone


def test_a_limb_that_comes_back_is_led_there_without_a_jump(run):
    """Nothing but the joints of the lost segment changes, and only where it is lost; what is seen
    beyond a lost thigh stays where it is."""
    skeleton, q = run[0].skeleton, run[0].motion[0]
    known = np.ones((FRAMES, len(skeleton.bodies)), dtype=bool)
    known[20:40, [skeleton.bodies.index(name) for name in ("radius_l", "hand_l")]] = False
    jumping = q.copy()
    elbow = skeleton.coordinates.index("elbow_flex_l")
    jumping[20:40, elbow] = -3.0
    led = bridged(skeleton, jumping, known)
    between = np.linspace(q[19, elbow], q[40, elbow], 22)
    np.testing.assert_allclose(led[19:41, elbow], between, atol=1e-12)
    wrist = skeleton.coordinates.index("forearm_pronation_l")
    led[:, [elbow, wrist]] = q[:, [elbow, wrist]]
    np.testing.assert_array_equal(led[:, skeleton.free], q[:, skeleton.free])
    known[:] = True
    known[20:40, skeleton.bodies.index("femur_l")] = False
    np.testing.assert_array_equal(
        bridged(skeleton, q, known)[:, skeleton.free], q[:, skeleton.free]
    )


def test_a_file_is_filled_by_lines_and_defaults(run):
    skeleton, q = run[0].skeleton, run[0].motion[0]
    held = q.copy()
    held[10:13, 0], held[:, 8] = np.nan, np.nan
    filled = filled_coordinates(skeleton, held)
    np.testing.assert_allclose(filled[9:14, 0], np.linspace(q[9, 0], q[13, 0], 5))
    assert (filled[:, 8] == skeleton.coordinate_default[8]).all()


def test_a_group_stands_for_those_that_the_model_lacks(run):
    assert not of_the_model(everything(run), GROUPS).lost_segments()
    armless = {name: one for name, one in GROUPS.items() if not name.startswith("arm")}
    assert of_the_model(everything(run), armless).lost_segments() == GROUPS["torso"]
    bare = {name: one for name, one in armless.items() if name != "torso"}
    assert of_the_model(everything(run), bare).lost_segments() == ("pelvis",)


def test_the_mask_is_read_as_it_was_written(run):
    mask = everything(run).without(["radius_l"], SOME_FRAMES, ALL)
    seen = np.random.default_rng(0).random((FRAMES, 2)) < 0.7
    mask = mask.determine(("knee", "wrist"), seen, 0)
    again = read_observed(with_observed(xr.Dataset(), mask))
    for name in ("mask", "segments", "reason", "coordinates", "coordinate_mask"):
        np.testing.assert_array_equal(getattr(again, name), getattr(mask, name), err_msg=name)
