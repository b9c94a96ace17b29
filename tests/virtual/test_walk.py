"""docs/library.md names one function of one file for every hop from a verdict to a marker.

The numbers are recomputed by the outsider (`tests/outsider`).
"""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path

import pytest

import aqbio

ROOT = Path(aqbio.__file__).parents[1]
PAGE = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
HOPS = re.findall(r"`(aqbio/[\w/]+\.py)`: `(\w+)`", PAGE)


def test_the_page_walks_from_verdict_to_marker():
    assert len(HOPS) >= 10
    for place in ("verdicts.tsv", "hypotheses_athletes.tsv", "hypotheses_steps.tsv", ".c3d"):
        assert place in PAGE


@pytest.mark.parametrize(("path", "name"), HOPS)
def test_every_hop_is_one_function_of_one_file(path, name):
    module = importlib.import_module(path.removesuffix(".py").replace("/", "."))
    named = getattr(module, name)
    source = inspect.getsourcefile(inspect.unwrap(named))
    assert source is not None
    assert Path(source).relative_to(ROOT).as_posix() == path
