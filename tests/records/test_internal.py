"""Parts of a study's stage, in one process or in several."""

from __future__ import annotations

import os

import pytest

from aqbio.errors import AqbioError
from aqbio.io.study import load_study
from aqbio.study.internal import STAGE_ORDER, Parts
from tests.small_study import write_small_study


@pytest.fixture
def parts(tmp_path):
    return Parts(load_study(write_small_study(tmp_path)), "figures")


def _makers(sizes):
    """Lists of so many numbers; a maker of none breaks."""

    def made(size):
        if not size:
            raise ZeroDivisionError("nothing of it")
        return [os.getpid(), *range(size)]

    return [(f"part {size}", lambda size=size: made(size)) for size in sizes]


@pytest.mark.parametrize("cores", [1, 2])
def test_what_breaks_is_a_finding_and_stops_no_other(parts, cores):
    found = list(parts.side_by_side(_makers([2, 0, 3]), [], cores))
    assert [one[1:] for one in found] == [[0, 1], [], [0, 1, 2]]
    (finding,) = parts.findings
    assert "ZeroDivisionError" in finding.what
    assert (os.getpid() in {one[0] for one in found if one}) == (cores == 1)


def test_a_stage_that_has_not_run_stops_all(parts):
    def early():
        raise AqbioError("stage steps has not run.", rule=STAGE_ORDER)

    with pytest.raises(AqbioError, match="has not run"):
        list(parts.side_by_side([("early", early), *_makers([1])], [], 2))
