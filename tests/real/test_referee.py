"""A referee who knows OpenSim and docs/levels.md alone finds the product's levels A, B and C."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.opensim_levels import hold_against

pytestmark = [
    pytest.mark.real,
    pytest.mark.workflow,
    pytest.mark.opensim,
    pytest.mark.xdist_group("ja1"),
]

MODELS = Path(__file__).parents[2] / "models"
MAPS = {"ja1": "rajagopal2016", "ja1_sprint": "sprint"}


@pytest.mark.parametrize("trial", ["jog", "sprint"])
@pytest.mark.parametrize("study", MAPS)
def test_levels(run_study, study, trial):
    folder = run_study(study).results / "participants" / "JA1"
    hold_against(folder, trial, MODELS / MAPS[study] / "map.yaml")
