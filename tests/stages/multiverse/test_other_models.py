"""How far a trial's numbers are on another model: by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from aqbio.io.study import load_study
from aqbio.multiverse.stage import is_arm, model_deviations
from aqbio.stats.measurement import COMPARED
from tests.small_study import write_small_study


def test_deviations_are_means_over_the_steps_that_both_have():
    columns = list(COMPARED.values())
    own = pd.DataFrame({"step": [1, 2, 3], **{key: [0.1, 0.2, 9.0] for key in columns}})
    other = pd.DataFrame({"step": [2, 1], **{key: [0.5, 0.2] for key in columns}})
    found = model_deviations(own, other)
    assert found == {name: pytest.approx((0.1 + 0.3) / 2) for name in COMPARED}
    nothing = model_deviations(own, other.assign(step=[7, 8]))
    assert all(np.isnan(value) for value in nothing.values())


@pytest.mark.parametrize(("trials", "arm"), [("[]", True), ("[fast]", False)])
def test_some_trials_alone_are_no_arm(tmp_path, trials, arm):
    """Another sample is not another choice."""
    file = write_small_study(tmp_path)
    with file.open("a", encoding="utf-8") as text:
        text.write(f"other_models: {{models: {{one: {{}}}}, trials: {trials}}}\n")
    assert is_arm(load_study(file)) is arm
