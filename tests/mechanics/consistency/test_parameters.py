"""Parameters, weights and their limits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aqbio.consistency.parameters import (
    PARAMETERS,
    ParameterEstimate,
    Runner,
    centre_parameters,
    prior_precision,
)
from aqbio.consistency.session_inputs import parameters
from aqbio.force_plates.alignment import ALIGNMENT


def test_air_and_alignment_are_off_by_default():
    off = {one.name for one in PARAMETERS if not one.on}
    assert off == {"drag_area"} | set(ALIGNMENT) - {"cop_offset_x", "cop_offset_z"}
    assert len(prior_precision(PARAMETERS)) == len(PARAMETERS) - len(off)


def test_plates_are_aligned_where_it_is_asked():
    for asked in (False, True):
        on = {one.name for one in parameters(0.45, align_plates=asked) if one.on}
        assert on == {one.name for one in PARAMETERS if one.on} | set(ALIGNMENT if asked else ())


def test_limits_are_three_prior_sds_at_most():
    """Absolute limits of 6 ms, 3 %, 5 cm, 8 mm, 1.1 degrees and 25 %."""
    limits = {one.name: one.highest for one in PARAMETERS}
    assert limits["clock_offset"] == 0.006
    assert limits["mass"] == 0.03
    assert {one.highest for one in centre_parameters(3)} == {3.0}
    assert limits["cop_offset_z"] == 0.008
    assert limits["plate_pitch"] == 0.02
    assert limits["leg_share"] == limits["pelvis_share"] == 0.25
    drag = next(one for one in PARAMETERS if one.name == "drag_area")
    assert (drag.lowest, drag.prior, drag.highest) == (0.2, 0.45, 0.8)


def test_intervals():
    one = ParameterEstimate(PARAMETERS[0], 0.005, 0.001)
    assert (one.low, one.high) == (pytest.approx(0.003355), pytest.approx(0.006645))
    assert not one.beyond_limit
    assert replace(one, estimate=0.0061).beyond_limit


def test_classes_of_segments_by_place_in_the_limb(stick):
    names = dict(zip(stick.skeleton.bodies, stick.tissue, strict=True))
    for side in "lr":
        leg = [names[f"{one}_{side}"] for one in ("thigh", "shank", "foot")]
        assert leg == ["thigh", "shank", "foot"]
        assert [names[f"{one}_{side}"] for one in ("arm", "forearm")] == ["upper_arm", "forearm"]
    assert (names["pelvis"], names["torso"]) == ("pelvis", "torso")


def test_groups_must_be_a_partition(stick):
    with pytest.raises(ValueError, match="partition"):
        Runner(stick.skeleton, {**stick.groups, "arm_left": ("arm_l",)})
    trunk = {**stick.groups, "pelvis": ("pelvis", "torso")}
    del trunk["torso"]
    with pytest.raises(ValueError, match="torso"):
        Runner(stick.skeleton, trunk)
