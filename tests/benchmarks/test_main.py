"""The command line of the scoreboard."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.opensim


def test_unknown_rows_are_named_before_anything_runs(capsys):
    from benchmarks.__main__ import main

    with pytest.raises(SystemExit):
        main(["--rows", "B1,B99"])
    assert "rows B99 are unknown; there are B1, B2," in capsys.readouterr().err
