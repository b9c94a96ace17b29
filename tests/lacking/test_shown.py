"""What recordings show of what was altered in them."""

import pytest

from aqbio.prepare.explanations import MIN_LOG_ODDS
from tests.lacking.drawn import read
from tests.lacking.outcome import Outcome, written
from tests.lacking.recordings import short
from tests.lacking.shown import shown
from tests.lacking.work import FITTED

pytestmark = [pytest.mark.whole, pytest.mark.opensim]


@pytest.mark.parametrize(
    ("description", "is_shown"),
    [
        ("sign(trial='run3', component='Fz', plate='all')", True),
        ("delay(trial='moving', ms=60)", True),
        ("rate(trial='run3', factor=0.96)", False),
        ("displaced(trial='run3', plate='all', ahead_mm=10, right_mm=10)", False),
    ],
)
def test_what_is_large_shows_and_what_laboratories_have_does_not(tmp_path, description, is_shown):
    recordings, alteration = short(), read(description)
    altered = alteration.lacking(recordings)
    study = written(tmp_path, altered, FITTED, Outcome(tuple(altered.takes)))
    [evidence] = shown(study, alteration.name, dict(alteration.parameters)).values()
    assert (evidence > MIN_LOG_ODDS) == is_shown, evidence
