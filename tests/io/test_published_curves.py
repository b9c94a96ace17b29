"""The sheet of published curves: between its points, and every problem at once."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.config import InvalidStudyError
from aqbio.io.published_curves import published_curves

HEADER = "quantity\tjoint\tside\tphase\tpercent\tmean\tsd\tsource\n"
SOURCE = "Somebody et al. (2001), 8 runners"


def _sheet(folder, *rows):
    path = folder / "published_curves.tsv"
    lines = ["\t".join(map(str, row)) for row in rows]
    path.write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def _point(percent, mean, sd=0.5, **other):
    row = {"quantity": "moment", "joint": "hip", "side": "push", "phase": "stance"}
    row |= {"percent": percent, "mean": mean, "sd": sd, "source": SOURCE} | other
    return tuple(row.values())


def test_points_are_joined_by_straight_lines_and_not_prolonged(tmp_path):
    path = _sheet(tmp_path, _point(10.5, 1.0), _point(20, 3.0, 1.5), _point(60, -1.0, 0.5))
    found = published_curves(path)
    assert found["percent"].tolist() == list(range(11, 61))
    at = found.set_index("percent")
    np.testing.assert_allclose(at.loc[15, "mean"], 1.0 + 2.0 * 4.5 / 9.5)
    np.testing.assert_allclose(at.loc[[20, 40, 60], "mean"], [3.0, 1.0, -1.0])
    np.testing.assert_allclose(at.loc[40, "sd"], 1.0)
    assert set(found["line"]) == {"hip_push"}
    assert set(found["unit"]) == {"N m/kg"}
    assert set(found["source"]) == {SOURCE}


def test_without_deviations_there_are_none(tmp_path):
    found = published_curves(_sheet(tmp_path, _point(0, 1.0, "n/a"), _point(100, 2.0, "n/a")))
    assert len(found) == 101
    assert found["sd"].isna().all()


def test_nothing_is_published_where_there_is_no_sheet_or_no_row(tmp_path):
    assert published_curves(None).empty
    assert published_curves(_sheet(tmp_path)).empty


def test_every_problem_is_told_at_once(tmp_path):
    path = _sheet(
        tmp_path,
        _point(0, 1.0),
        _point(50, 1.0, source="Another (2002)"),
        _point(50, 2.0, "n/a", source="Another (2002)"),
        _point(0, 1.0, joint="knee"),
        _point(0, 1.0, joint="elbow"),
        _point(101, 1.0, joint="ankle"),
    )
    with pytest.raises(InvalidStudyError) as caught:
        published_curves(path)
    said = str(caught.value)
    for words in (
        "points of one curve are from two sources",
        "50 % comes after 50 %",
        "some points have a standard deviation and some have none",
        "moment knee push stance: one point is no curve",
        "joint must be one of",
        "percent",
    ):
        assert words in said, words
    own = {one.where for one in caught.value.findings if one.rule == "published-curve"}
    assert own == {"line 3", "line 4", "line 5"}
