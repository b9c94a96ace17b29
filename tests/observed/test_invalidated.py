"""Table from a failed measure to the outcomes that it affects, and from a number to its kind."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqbio.contributions.measure import measure
from aqbio.observed.invalidated import (
    INVALIDATED_BY_FINDING,
    INVALIDATED_BY_MEASURE,
    OUTCOMES,
    column_rests_on,
    joined_outcomes,
    outcomes_of_cell,
)
from aqbio.stats.claim_columns import outcome_units
from aqbio.stats.outcomes import outcomes_read
from aqbio.stats.registry import read_registry


def test_every_table_names_kinds_of_numbers_in_their_order():
    for table in (INVALIDATED_BY_MEASURE, INVALIDATED_BY_FINDING):
        for outcomes in table.values():
            cell = joined_outcomes(outcomes)
            assert outcomes_of_cell(cell) == set(outcomes) <= set(OUTCOMES)
            assert [*filter(None, cell.split(", "))] == [
                outcome for outcome in OUTCOMES if outcome in outcomes
            ]
    for hypothesis in read_registry().hypotheses:
        assert outcomes_read(hypothesis) <= set(OUTCOMES), hypothesis.id


@pytest.mark.parametrize(
    ("column", "kinds"),
    [
        ("contact_s", "times"), ("speed_mps", "times"), ("step_length_m", "times"),
        ("touchdown_distance_m", "postures"), ("thigh_speed_swing_radps", "postures"),
        ("H_arms_y_stance_mean_kgm2ps", "momentum"), ("momentum_arms", "momentum"),
        ("peak_vertical_force_bw", "forces"), ("lateral_ratio", "forces"),
        ("push_index", "moments"), ("log_ratio_moments", "moments"),
        ("M_residual_y_stance_rms_Nm", "moments"), ("log_ratio_momentum", "momentum"),
        ("lag", "momentum, forces"),
    ],
)  # fmt: skip
def test_outcomes_of_columns(column, kinds):
    assert column in outcome_units()
    assert joined_outcomes(column_rests_on(column)) == kinds


@pytest.mark.parametrize("prefix", ["", "plain_"])
def test_failed_measure_affects_only_its_outcomes(prefix):
    """A measure within its limit or only warned of affects nothing."""
    name = f"{prefix}hidden_rates"
    within, beyond, warned = (
        measure({}, name, value, "1", limit=0.2, severity=severity)
        for value, severity in ((0.1, "fail"), (0.3, "fail"), (0.3, "warning"))
    )
    assert beyond["invalidates"] == "moments, causes"
    assert [row["invalidates"] for row in (within, warned)] == [None] * 2
    assert [row["verdict"] for row in (within, beyond, warned)] == ["ok", "fail", "warning"]


@given(
    *(st.one_of(st.just(np.nan), st.floats()) for _ in range(2)),
    st.booleans(), st.sampled_from(("fail", "warning")),
)  # fmt: skip
def test_only_a_known_value_against_a_known_limit_has_a_verdict(value, limit, at_least, severity):
    """A measure whose value or limit is NaN neither passes nor fails, and affects nothing."""
    row = measure(
        {}, "hidden_motion", value, "1", limit=limit, at_least=at_least, severity=severity
    )
    if np.isnan([value, limit]).any():
        assert (row["verdict"], row["invalidates"]) == ("not tested", None)
    else:
        within = value - limit >= 0.0 if at_least else limit - value >= 0.0
        within |= value == limit  # two infinities have no difference
        assert row["verdict"] == ("ok" if within else severity)
    assert measure({}, "hidden_motion", value, "1")["verdict"] is None
