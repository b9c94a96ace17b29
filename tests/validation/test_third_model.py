"""Values of another model inside intervals: counted by hand."""

import pandas as pd
import pytest

from validation.third_model import PLACE, held


def _table(values, **columns):
    place = dict.fromkeys(PLACE, "x") | {"participant_id": "S01", "level": "A", "unit": "N m"}
    rows = [place | {"step": step, "value": value} for step, value in enumerate(values)]
    return pd.DataFrame(rows).assign(**columns)


def test_shares_of_what_both_models_know():
    own = _table([0.0, 0.0, 0.0, 0.0, 0.0], low=[-1, -1, -1, -1, None], high=[1, 1, 3, 1, 1])
    third = _table([0.5, 1.5, 1.5, None, 0.0])
    [(_, found)] = held(own, third).iterrows()
    assert (found["held"], found["width"], found["number"]) == (pytest.approx(2 / 3), 2.0, 3)
