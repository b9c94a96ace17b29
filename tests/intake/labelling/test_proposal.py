"""Labels of laboratories and systems, understood by their names, and the marker sets of them."""

from __future__ import annotations

import pytest

from aqbio.config import InvalidStudyError, MarkerSet, ModelMap, read_yaml
from aqbio.intake.labelled_recordings import proposed_set
from aqbio.intake.models import chosen_model
from aqbio.io.opensim_xml import model_markers
from aqbio.io.study import MODELS
from aqbio.labels.by_name import landmark_table, named_labels
from aqbio.labels.marker_set import Labelling, marker_set_content, model_landmarks, proposed_markers
from tests.golden import differences
from validation.siblings import FAMILIES, labels_of

TABLE = landmark_table()
OWN = MODELS / "sprint"
MAP = read_yaml(OWN / "map.yaml", ModelMap)

CENTRES = ("Hip", "Knee", "Ankle", "Heel", "BigToe", "SmallToe", "Shoulder", "Elbow", "Wrist")
HALPE = ", ".join([side + name for side in "RL" for name in CENTRES]) + ", Nose, Head, Neck, Hip"
AXES = [stem + end for stem in ("RFE", "RFEMUR_CGM_2.4", "PEL", "RTIBIA_") for end in "OALP"]
SETS = {
    "Plug-in Gait": "LASI, RPSI, RTHI, LKNE, RTIB, LANK, RHEE, RTOE, LSHO, RUPA, LELB, RFRM, "
    "LWRA, LWRB, RFHD, CLAV",
    "Helen Hayes": "R.ASIS, V.Sacral, L.Thigh, R.Knee, R.Knee.Medial, L.Shank, R.Ankle, "
    "R.Ankle.Medial, L.Heel, L.Toe, Top.Head, R.Shoulder",
    "IOR": "RIAS, LIPS, RLE, LME, RHF, RTT, LLM, RMM, LCA, RFM, LVM, RSM, CV7, SJN",
    "CAST": "RTH1, RTH4, LSK3, RFT2, PV1, LLK, RMK, RLA, LMA",
    "spellings": "R_HEEL, HeelL, left toe, RFAsuperior, R.TH12, L.Thigh.Top.Lateral, RShankDownC, "
    "Thigh_R_2, LHeadTamp, WaistLFront, LForefootIn, HeadL, RFTC, RSHN, RBWT, RASH, "
    "L_Scap_2, T8",
    "other spellings": "heel_R, HeelLeft, Top.Head",
    "nothing": "M1, *12, Q17, HEEL, R5thMetatarsalHead, RKneeThigh, ThighTop, RForearmWrist",
    "computed axes": ", ".join([*AXES, "RHEE", "RKNE"]),
    "Pose2Sim": HALPE,
    "Pose2Sim's detectors": HALPE.replace("R", "right_"),
    "OpenCap": f"{HALPE}, r.ASIS_study, r_knee_study, r_mknee_study, r_5meta_study, r_toe_study",
    "no left hip": HALPE.replace("LHip, ", ""),
    "no right knee": HALPE.replace("RKnee, ", ""),
    "joints on the skin": "RHip, LHip, RKnee, LKnee, RHeel",
    "second metatarsals": "RMT2, LMT2",
    "no spines behind": "RASI, LASI, RKNE, LKNE, RHEE, LHEE, RTOE, LTOE, Q17, Q18",
}
"""Labels by laboratory; of axes that other software computes a marker keeps what it names."""


def understood(name, labels):
    """Lines of what every label says, and of the marker set that is proposed of all."""
    found = named_labels(labels, TABLE, {*AXES, "RKNE"} if "axes" in name else ())
    for label in labels:
        place = f"{found.places[label]}" if label in found.places else ""
        video = ", video" * (label in found.video)
        yield f"{name}: {label}: {place or found.unused.get(label, '?')}{video}"
    proposed = proposed_set("mine", [], [labels], chosen_model(None))
    yield f"{name}: {proposed.sure} sure, missing {', '.join(map(str, proposed.missing)) or 'none'}"
    yield from (f"{name} | {line}" for line in proposed.text.splitlines())


def test_labels_of_laboratories_and_the_marker_sets_of_them():
    lines = [line for name, labels in SETS.items() for line in understood(name, labels.split(", "))]
    assert differences("labels", lines) == []


LOOSER = {"neck": "trunk", "nose": "head", "sternum": "trunk", "right mt2": "right toe",
          "left mt2": "left toe"}  # fmt: skip
"""Where a name says less than its place; of toes and metatarsals positions tell."""


@pytest.mark.parametrize("family", [one for one in FAMILIES if one != "own"])
@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("before", ["", "."])
def test_every_name_of_a_family_is_its_landmark(family, order, before):
    """By tables of the laboratories' own documentation, in any order."""
    wanted = {before + label: place for place, label in labels_of(family).items()}
    found = named_labels(sorted(wanted)[::order], TABLE)
    assert found.unknown == ()
    assert not found.unused or family == "OpenCap"  # its video, where its landmarks are
    for label, place in found.places.items():
        assert str(place) in {wanted[label], LOOSER.get(wanted[label])}, label


def test_our_own_marker_set_comes_out_as_it_was_written():
    """The sprint model's own labels give the marker set that the model brings."""
    written = read_yaml(OWN / "markers.yaml", MarkerSet)
    labelling = Labelling(named_labels(written.markers, TABLE).places, frozenset())
    model = model_landmarks(model_markers(OWN / "sprint_male.osim"), MAP, TABLE)
    sections = proposed_markers(labelling, model, TABLE, sprint=True)
    made = MarkerSet.model_validate(marker_set_content("aqbio-51", "own", labelling, sections))
    assert made.markers == {label: written.markers[label] for label in made.markers}
    assert (set(made.markers), made.feet, made.pelvis) == (
        set(written.markers), written.feet, written.pelvis,
    )  # fmt: skip


def test_blanks_are_asked_for_and_count_wherever_their_landmark_stands(tmp_path):
    file = tmp_path / "markers.yaml"
    text = proposed_set("mine", [], [SETS["no spines behind"].split(", ")], chosen_model(None)).text
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidStudyError) as caught:
        read_yaml(file, MarkerSet)
    said = {finding.what.partition(":")[0]: finding.where for finding in caught.value.findings}
    lines = text.splitlines()
    assert said == {
        f"please_fill.{name}": f"line {number}"
        for number, line in enumerate(lines, 1)
        for name in ("right_psis", "left_psis")
        if line.startswith(f"  {name}:  ")
    }
    filled = text.replace("right_psis:  ", "right_psis: Q17").replace(
        "left_psis:  ", "left_psis: Q18"
    )
    file.write_text(filled, encoding="utf-8")
    found = read_yaml(file, MarkerSet)
    assert found.pelvis.back == ("Q17", "Q18")
    assert found.markers["Q17"].model == "RPSI"
    assert not {"right_psis", "left_psis"} & set(found.markers)
