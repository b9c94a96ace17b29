"""Labels of laboratories and systems, understood by their names, and the marker sets of them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

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

SETS = yaml.safe_load(Path(__file__).with_name("labels.yaml").read_text("utf-8"))
COMPUTED = {one for one in SETS["computed axes"] if one != "RHEE"}


def understood(name, labels, seen):
    """Lines of what every label says, and those of the proposed marker set that no set had yet."""
    found = named_labels(labels, TABLE, COMPUTED if "axes" in name else ())
    for label in labels:
        place = f"{found.sites[label]}" if label in found.sites else ""
        video = ", video" * (label in found.video)
        line = f"{label}: {place or found.unused.get(label, '?')}{video}"
        if line not in seen:
            yield f"{name}: {line}"
        seen.add(line)
    proposed = proposed_set("mine", [], [labels], chosen_model(None))
    yield f"{name}: {proposed.sure} sure, missing {', '.join(map(str, proposed.missing)) or 'none'}"
    yield from (f"{name} | {line}" for line in proposed.text.splitlines() if line not in seen)
    seen |= {*proposed.text.splitlines()}


def test_labels_of_laboratories_and_the_marker_sets_of_them():
    seen: set[str] = set()
    lines = [line for name, labels in SETS.items() for line in understood(name, labels, seen)]
    assert differences("labels", lines) == []


def test_a_proposed_set_has_every_label_on_its_landmarks_body_and_asks_for_the_rest():
    """The same landmark is on the same body in every set."""
    bodies: dict[str, set[str]] = {}
    for name, labels in SETS.items():
        found = named_labels(labels, TABLE, COMPUTED if "axes" in name else ())
        proposed = proposed_set("mine", [], [labels], chosen_model(None))
        content = yaml.safe_load(proposed.text)
        missing = {str(one).replace(" ", "_") for one in proposed.missing}
        assert set(content.get("please_fill") or {}) == missing, name
        told = {label: own for label, own in content["markers"].items() if label in found.sites}
        assert told, name
        for label, own in told.items():
            bodies.setdefault(str(found.sites[label]), set()).add(own["body"])
        assert missing <= set(content["markers"]), name
    assert {place: several for place, several in bodies.items() if len(several) > 1} == {}


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
    for label, place in found.sites.items():
        assert str(place) in {wanted[label], LOOSER.get(wanted[label])}, label


def test_our_own_marker_set_comes_out_as_it_was_written():
    """The sprint model's own labels give the marker set that the model brings."""
    written = read_yaml(OWN / "markers.yaml", MarkerSet)
    labelling = Labelling(named_labels(written.markers, TABLE).sites, frozenset())
    model = model_landmarks(model_markers(OWN / "sprint_male.osim"), MAP, TABLE)
    sections = proposed_markers(labelling, model, TABLE, sprint=True)
    made = MarkerSet.model_validate(marker_set_content("aqbio-51", "own", labelling, sections))
    assert made.markers == {label: written.markers[label] for label in made.markers}
    assert (set(made.markers), made.feet, made.pelvis) == (
        set(written.markers), written.feet, written.pelvis,
    )  # fmt: skip


def test_blanks_are_asked_for_and_count_wherever_their_landmark_stands(tmp_path):
    file = tmp_path / "markers.yaml"
    text = proposed_set("mine", [], [SETS["no spines behind"]], chosen_model(None)).text
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidStudyError) as caught:
        read_yaml(file, MarkerSet)
    places = {finding.what.partition(":")[0]: finding.where for finding in caught.value.findings}
    blanks, lines = ("  right_psis:", "  left_psis:"), text.splitlines()
    known = {one: next(n for n, line in enumerate(lines, 1) if line.startswith(one))
             for one in blanks}  # fmt: skip
    assert places == {f"please_fill.{one.strip(' :')}": f"line {n}" for one, n in known.items()}
    filled = text.replace(f"{blanks[0]}  ", f"{blanks[0]} Q17")
    file.write_text(filled.replace(f"{blanks[1]}  ", f"{blanks[1]} Q18"), encoding="utf-8")
    found = read_yaml(file, MarkerSet)
    assert found.pelvis.back == ("Q17", "Q18")
    assert found.markers["Q17"].model == "RPSI"
    assert not {"right_psis", "left_psis"} & set(found.markers)
