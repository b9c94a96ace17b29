"""Gaits of the demo study that are given away as arrays."""

from __future__ import annotations

from aqbio.virtual.demo import demo_run
from tests.refusal import refused


def test_a_gait_that_the_demo_does_not_have_is_told_with_those_it_has():
    for asked in (("V99", 3, "normal"), ("V06", 0, "restricted_arms")):
        with refused("demo-gait", "the demo study has no gait") as caught:
            demo_run(*asked)
        assert "V06" in caught.value.fix
