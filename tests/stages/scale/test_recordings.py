"""Labels of a marker set find their places on a generic model, or the set is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aqbio.body.recordings import placed_labels
from aqbio.config import MarkerSet, read_yaml
from aqbio.multibody.skeleton import Skeleton
from aqbio.virtual.athlete import Athlete, athlete_skeleton
from tests.refusal import refused

MARKERS = Path(__file__).parents[3] / "models" / "sprint" / "markers.yaml"


@pytest.fixture(scope="module")
def generic() -> Skeleton:
    return athlete_skeleton(Athlete("made", "female", 60.0, 1.7))


def changed(label: str, **change: object) -> MarkerSet:
    """Give the sprint model's own marker set with one label changed."""
    marker_set = read_yaml(MARKERS, MarkerSet)
    markers = dict(marker_set.markers)
    markers[label] = markers[label].model_copy(update=change)
    return marker_set.model_copy(update={"markers": markers})


def test_landmarks_stated_places_and_clusters(generic):
    """A landmark is where the model has it, a stated place is no landmark, a cluster has none."""
    labels = placed_labels(changed("RASI", position=(0.1, 0.2, 0.3)), generic)
    assert labels["RASI"].place == (0.1, 0.2, 0.3)
    assert not labels["RASI"].palpated
    knee = generic.marker_position[generic.markers.index("RKNL")]
    np.testing.assert_array_equal(labels["RKNL"].place, knee)
    assert labels["RKNL"].palpated
    assert labels["RTH1"].place is None
    assert labels.keys() == changed("RASI").markers.keys()


@pytest.mark.parametrize(
    ("label", "change", "message"),
    [
        ("RASI", {"body": "sacrum"}, "label RASI: body sacrum is not in the model"),
        ("RASI", {"body": "femur_r"}, r"RASI \(the model's RASI\) is on pelvis in the model, on"),
        ("RASI", {"model": "SPINE"}, "the model has no marker SPINE"),
        ("RASI", {"model": "LASI"}, "LASI is claimed by RASI too"),
    ],
)
def test_marker_sets_that_do_not_fit_the_model_are_refused(generic, label, change, message):
    with refused("marker-set", message):
        placed_labels(changed(label, **change), generic)
