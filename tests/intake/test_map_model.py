"""`aqbio map-model`: a file that aqbio reads again and a person completes."""

from __future__ import annotations

import pytest
import yaml

from aqbio.config import MarkerSet, ModelMap, read_yaml
from aqbio.intake.labelled_recordings import write_map
from aqbio.intake.models import proposed_map
from aqbio.io.study import MODELS
from tests.refusal import refused

pytestmark = pytest.mark.opensim

SPRINT = MODELS / "sprint" / "sprint_male.osim"


def _comparable(model_map):
    content = model_map.model_dump()
    content["groups"] = {group: sorted(bodies) for group, bodies in content["groups"].items()}
    # no motion tells who a model was made for, nor which locked joints markers may free
    left_out = ("name", "source", "made_for", "held")
    return {key: value for key, value in content.items() if key not in left_out}


def test_our_own_map_again(tmp_path):
    proposed = write_map(SPRINT, tmp_path / "map.yaml")
    assert proposed.to_complete == ("source: citation of the model",)
    assert proposed.remarks == ()
    written = read_yaml(tmp_path / "map.yaml", ModelMap)
    assert _comparable(written) == _comparable(read_yaml(MODELS / "sprint" / "map.yaml", ModelMap))
    markers = read_yaml(tmp_path / written.marker_set, MarkerSet)
    assert markers.pelvis.front == ("RASI", "LASI")
    text = (tmp_path / "map.yaml").read_text(encoding="utf-8")
    assert "# please fill: source: citation of the model" in text


def test_a_corrected_map_is_not_overwritten(tmp_path):
    (tmp_path / "map.yaml").write_text("mine")
    with refused("map-exists", "there is a file of that name already"):
        write_map(SPRINT, tmp_path / "map.yaml")
    assert (tmp_path / "map.yaml").read_text() == "mine"


@pytest.mark.real
@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("rajagopal2016/models/Rajagopal2016.osim", "rajagopal2016"),
        ("rajagopal2016/models/RajagopalLaiUhlrich2023.osim", "lai_uhlrich2023"),
        ("rajagopal2016/models/FullBodyModel_Hamner2010_v2_0.osim", "hamner2010"),
        ("ja1_dorn2012/models/JA1_SCALED_Osim40.osim", "hamner2010"),
    ],
)
def test_the_maps_that_were_written_by_hand(realdata, model, name):
    """Walker knees with kneecaps, negative knees, scaled models: the same maps."""
    proposed = proposed_map(realdata / model)
    model_map = ModelMap.model_validate(yaml.safe_load(proposed.text))
    assert _comparable(model_map) == _comparable(read_yaml(MODELS / name / "map.yaml", ModelMap))
    assert proposed.to_complete == ("source: citation of the model",)
