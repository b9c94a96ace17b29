"""Every number and word of a small study of which every stage is done is what it was."""

from __future__ import annotations

import pytest

from aqbio.io.tables import read_table
from tests.golden import differences, digest

pytestmark = [pytest.mark.opensim, pytest.mark.xdist_group("finished")]


def test_tables_and_figures_of_a_finished_study(finished):
    """Of two athletes who run alike, without the fit; see `test_consistency_stage` for one with."""
    tables, figures = (
        {one.stem: read_table(one) for one in finished.root.glob(f"{name}/*.tsv")}
        for name in ("tables", "figures")
    )
    lines = [*digest(tables), *digest(figures, texts=False)]
    assert differences("finished", lines) == []
