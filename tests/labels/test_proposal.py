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
SPRINT = MODELS / "sprint"
MAP = read_yaml(SPRINT / "map.yaml", ModelMap)

SETS = yaml.safe_load(Path(__file__).with_name("labels.yaml").read_text("utf-8"))
COMPUTED = {label for label in SETS["computed axes"] if label != "RHEE"}


def understood(name, labels, printed):
    """Lines of what every label says, and those of the proposed marker set that no set had yet."""
    by_name = named_labels(labels, TABLE, COMPUTED if "axes" in name else ())
    for label in labels:
        site = f"{by_name.sites[label]}" if label in by_name.sites else ""
        video = ", video" * (label in by_name.video)
        line = f"{label}: {site or by_name.unused.get(label, '?')}{video}"
        if line not in printed:
            yield f"{name}: {line}"
        printed.add(line)
    proposed = proposed_set("mine", [], [labels], chosen_model(None))
    yield f"{name}: {proposed.sure} sure, missing {', '.join(map(str, proposed.missing)) or 'none'}"
    yield from (f"{name} | {line}" for line in proposed.text.splitlines() if line not in printed)
    printed |= {*proposed.text.splitlines()}


def test_labels_of_laboratories_and_the_marker_sets_of_them():
    printed: set[str] = set()
    lines = [line for name, labels in SETS.items() for line in understood(name, labels, printed)]
    assert differences("labels", lines) == []


def test_a_proposed_set_has_every_label_on_its_landmarks_body_and_asks_for_the_rest():
    """The same landmark is on the same body in every set."""
    bodies: dict[str, set[str]] = {}
    for name, labels in SETS.items():
        by_name = named_labels(labels, TABLE, COMPUTED if "axes" in name else ())
        proposed = proposed_set("mine", [], [labels], chosen_model(None))
        content = yaml.safe_load(proposed.text)
        missing = {str(landmark).replace(" ", "_") for landmark in proposed.missing}
        assert set(content.get("please_fill") or {}) == missing, name
        mapped = {
            label: marker for label, marker in content["markers"].items() if label in by_name.sites
        }
        assert mapped, name
        for label, marker in mapped.items():
            bodies.setdefault(str(by_name.sites[label]), set()).add(marker["body"])
        assert missing <= set(content["markers"]), name
    assert {landmark: several for landmark, several in bodies.items() if len(several) > 1} == {}


LOOSER = {"neck": "trunk", "nose": "head", "sternum": "trunk", "right mt2": "right toe",
          "left mt2": "left toe"}  # fmt: skip
"""Where a name says less than its place; of toes and metatarsals positions tell."""


@pytest.mark.parametrize("family", [family for family in FAMILIES if family != "own"])
@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("before", ["", "."])
def test_every_name_of_a_family_is_its_landmark(family, order, before):
    """By tables of the laboratories' own documentation, in any order."""
    landmark_of = {before + label: landmark for landmark, label in labels_of(family).items()}
    by_name = named_labels(sorted(landmark_of)[::order], TABLE)
    assert by_name.unknown == ()
    assert not by_name.unused or family == "OpenCap"  # its video, where its landmarks are
    for label, site in by_name.sites.items():
        assert str(site) in {landmark_of[label], LOOSER.get(landmark_of[label])}, label


def test_shipped_marker_set_is_reproduced():
    """The sprint model's own labels give the marker set that the model brings."""
    written = read_yaml(SPRINT / "markers.yaml", MarkerSet)
    labelling = Labelling(named_labels(written.markers, TABLE).sites, frozenset())
    model = model_landmarks(model_markers(SPRINT / "sprint_male.osim"), MAP, TABLE)
    sections = proposed_markers(labelling, model, TABLE, sprint=True)
    proposed = MarkerSet.model_validate(marker_set_content("aqbio-51", "own", labelling, sections))
    assert proposed.markers == {label: written.markers[label] for label in proposed.markers}
    assert (set(proposed.markers), proposed.feet, proposed.pelvis) == (
        set(written.markers), written.feet, written.pelvis,
    )  # fmt: skip


def test_blanks_are_asked_for_and_count_wherever_their_landmark_stands(tmp_path):
    file = tmp_path / "markers.yaml"
    text = proposed_set("mine", [], [SETS["no spines behind"]], chosen_model(None)).text
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidStudyError) as caught:
        read_yaml(file, MarkerSet)
    line_of = {finding.what.partition(":")[0]: finding.where for finding in caught.value.findings}
    blanks, lines = ("  right_psis:", "  left_psis:"), text.splitlines()
    blank_lines = {blank: next(n for n, line in enumerate(lines, 1) if line.startswith(blank))
             for blank in blanks}  # fmt: skip
    assert line_of == {
        f"please_fill.{blank.strip(' :')}": f"line {n}" for blank, n in blank_lines.items()
    }
    filled = text.replace(f"{blanks[0]}  ", f"{blanks[0]} Q17")
    file.write_text(filled.replace(f"{blanks[1]}  ", f"{blanks[1]} Q18"), encoding="utf-8")
    filled_set = read_yaml(file, MarkerSet)
    assert filled_set.pelvis.back == ("Q17", "Q18")
    assert filled_set.markers["Q17"].model == "RPSI"
    assert not {"right_psis", "left_psis"} & set(filled_set.markers)
