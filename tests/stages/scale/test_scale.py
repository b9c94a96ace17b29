"""A participant's own model held against sheet, plates and strides."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from aqbio.body.calibration import label_places
from aqbio.body.stage import check_mass
from aqbio.config import MarkerSet, Participant, read_yaml
from aqbio.config.settings import StudySettings
from aqbio.errors import AqbioError
from aqbio.multibody.skeleton import Skeleton
from aqbio.virtual.athlete import Athlete, athlete_skeleton
from tests.refusal import refused


@dataclass
class MadeStudy:
    """As much of a study as the weighing of a model asks for."""

    masses: dict[str, float]
    confirmed: str = "no"
    settings: StudySettings = field(default_factory=lambda: StudySettings(name="made"))

    def read_manifest(self, participant: str, stage: str) -> dict:
        return {"masses_kg": self.masses}

    def participant(self, name: str) -> Participant:
        return Participant(participant_id=name, mass_confirmed=self.confirmed)


@pytest.mark.parametrize(
    ("masses", "said"),
    [({}, []), ({"sheet": 73.6}, []), ({"sheet": 73.8}, ["warning"])],
)
def test_model_against_one_other_mass(masses, said):
    """70 kg lie inside 5 % of 73.6 and outside 5 % of 73.8."""
    found = check_mass(MadeStudy(masses), "P1", 70.0, Path("own.osim"))
    assert [one.severity for one in found] == said


def test_model_of_somebody_else_is_refused_unless_confirmed():
    masses = {"sheet": 90.0, "strides": 89.0}
    with pytest.raises(AqbioError, match=r"the participant's model weighs 70\.0 kg"):
        check_mass(MadeStudy(masses), "P1", 70.0, Path("own.osim"))
    [one] = check_mass(MadeStudy(masses, "yes"), "P1", 70.0, Path("own.osim"))
    assert one.severity == "info"


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
    labels = label_places(changed("RASI", position=(0.1, 0.2, 0.3)), generic, {})
    assert labels["RASI"].place == (0.1, 0.2, 0.3)
    assert not labels["RASI"].palpated
    knee = generic.marker_position[generic.markers.index("RKNL")]
    np.testing.assert_array_equal(labels["RKNL"].place, knee)
    assert labels["RKNL"].palpated
    assert labels["RTH1"].place is None
    assert labels.keys() == changed("RASI").markers.keys()


def test_a_point_of_video_is_at_the_centre_of_its_joint(generic):
    """The knee's centre on the thigh: where the shank's joint is; a wrong name is refused."""
    joints = {"knee_right": "knee_r"}
    told = {"joint": "knee_right", "video": True}
    label = label_places(changed("RKNL", **told), generic, joints)["RKNL"]
    knee = generic.parent_position[generic.joints.index("knee_r")]
    np.testing.assert_allclose(label.place, knee, atol=1e-12)
    assert (label.video, label.palpated) == (True, False)
    with refused("marker-set", "label RKNL: the map of the model has no joint knee_right"):
        label_places(changed("RKNL", **told), generic, {})


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
        label_places(changed(label, **change), generic, {})
