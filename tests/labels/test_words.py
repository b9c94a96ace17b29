"""Labels as words of a language: the same set in other spellings, and words that bar positions."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from aqbio.config import MarkerSet, ModelMap, read_yaml
from aqbio.io.study import MODELS
from aqbio.labels.against_names import labels_against_names, spare_labels, use_spare
from aqbio.labels.assign import assign
from aqbio.labels.by_name import SidedLandmark, landmark_table, named_labels
from aqbio.labels.hints import allows
from aqbio.labels.words import ENGLISH, label_words, reading, spellings, tongues
from aqbio.labels.words import landmark_table as table_of_words
from aqbio.prepare.label_check import median_positions
from validation.broken_labels import ASKED, RIGHT, WRONG
from validation.relabelled import SPELLINGS, draws_of, lists, spelled, virtual_sprinter

TABLE = landmark_table()
OWN = MODELS / "sprint"
MAP = read_yaml(OWN / "map.yaml", ModelMap)

CALLED = {
    "shoulder": {"acromion"}, "jugular_notch": {"clavicle", "trunk"}, "c7": {"c7"},
    "xiphoid": {"sternum"}, "t7": {"trunk"}, "t10": {"t10"}, "head_top": {"head"},
    "midfoot": {"foot"}, "trochanter": {"thigh"}, "toe": {"toe", "mt2"},
    "head_front": {"head_front", "head"}, "head_back": {"head_back", "head"},
}  # fmt: skip
"""Landmarks by name of the lists, where they differ."""

SETS = [(language, style) for language, styles in lists().items() for style in styles]


def written(language, style, spelling="as written"):
    """Label and true landmark of a whole list."""
    entry = lists()[language][style]
    found = {}
    for name, text in entry["labels"].items():
        for side, word in zip(("right", "left"), entry["sides"], strict=True):
            place = name, side if "{}" in text else ""
            found[spelled(text.format(word), spelling)] = place
    return found


def wrongly_named(labels):
    """Labels with another place than their list says, and how many have their place or reason."""
    named = named_labels(labels, TABLE)
    wrong, known = [], 0
    for label, (name, side) in labels.items():
        place = named.sites.get(label)
        known += place is not None or label in named.unused or label in named.hints
        if place is not None and (
            place.landmark not in CALLED.get(name, {name}) or place.side not in ("", side)
        ):
            wrong.append((label, str(place)))
    return wrong, known


@pytest.mark.parametrize(("language", "style"), SETS)
def test_no_label_of_a_whole_list_is_read_as_another_place(language, style):
    """Lists that were written without a look at the word list, in every spelling."""
    for spelling in (one for one in SPELLINGS if one != "cut off"):  # which makes other words
        labels = written(language, style, spelling)
        wrong, known = wrongly_named(labels)
        assert wrong == [], spelling
        assert known == len(labels), spelling


@pytest.mark.parametrize(("language", "style"), SETS)
def test_half_a_list_is_read_in_the_same_language(language, style):
    """Legs alone, arms alone: a language is known by what is there."""
    labels = written(language, style)
    rng = np.random.default_rng(1)
    for _ in range(3):
        some = {label: labels[label] for label in rng.permutation(list(labels))[: len(labels) // 2]}
        wrong, known = wrongly_named(some)
        assert wrong == []
        assert known >= 0.9 * len(some)


@pytest.mark.parametrize(
    "labels",
    [
        ["CONDLATD", "CONDLATG", "MALLATD", "MALLATG", "EPAULED"],
        ["CONDLATD", "CONDLATS", "MALLATD", "MALLATS", "SPALLAD"],
        ["EIASD", "EIASI", "RODILLAD", "RODILLAI", "TOBILLOD"],
        ["EIAS_D", "EIAS_E", "JOELHO_D", "JOELHO_E", "OMBRO_D"],
    ],
)
def test_letters_of_sides_are_read_from_the_set(labels):
    places = named_labels(labels, TABLE).sites
    assert set(places) == set(labels)
    for label, place in places.items():
        assert place.side == ("right" if label.endswith("D") else "left"), label


def test_every_word_is_read_with_a_side_of_its_language():
    """Whatever a language calls a sided place is this place for both of its sides."""
    for name, language in label_words().languages.items():
        if name == ENGLISH:
            continue
        words = [
            one
            for key in ("knee", "elbow", "shoulder", "heel")
            for one in language.words.get(key, ())
        ]
        sides = language.sides.right[0], language.sides.left[0]
        labels = [f"{word}_{side}" for word in words for side in sides]
        named = named_labels(labels, TABLE)
        assert {place.side for place in named.sites.values()} == {"right", "left"}, name
        assert not named.hints, name


def test_published_sets_are_read_in_english():
    """A set of R and L whose labels are known is never read in another language."""
    assert tongues()[0].language == ENGLISH
    assert table_of_words is landmark_table
    labels = [
        f"{side}{name}" for side in "RL" for name in ("ASI", "TH1", "AR1", "AR2", "KNE", "US")
    ]
    places = named_labels(labels, TABLE).sites
    assert places["RTH1"] == SidedLandmark("thigh", "right")
    assert places["LUS"] == SidedLandmark("wrist_ulnar", "left")


def costs_of_beginnings(word, tongue, side):
    """Cost of every beginning of a word that has the meaning of the whole; the whole one last."""
    read = [reading(f"{word[:end]}_{side}", tongue) for end in range(3, len(word) + 1)]
    if read[-1] is None or not read[-1].meanings:
        return [0.0]
    same = [one for one in read if one and (one.meanings, one.words) == (
        read[-1].meanings, read[-1].words)]  # fmt: skip
    return [one.cost for one in same]


def test_the_more_letters_of_a_word_are_written_the_surer_it_is():
    """In no language is a beginning surer than the whole word; each letter of one word counts."""
    alone = {"english": "shoulder", "french": "epaule", "german": "sprunggelenk",
             "italian": "ginocchio", "spanish": "tobillo"}  # fmt: skip
    languages = label_words().languages
    for tongue in tongues()[: len(languages)]:
        language, compared = languages[tongue.language], 0
        side = language.sides.right[0]
        words = {min(spellings(one)) for own in language.words.values() for one in own}
        for word in sorted(one for one in words if len(one) > 5)[::6]:
            costs = costs_of_beginnings(word, tongue, side)
            assert min(costs) >= costs[-1] - 1e-12, (tongue, word)
            compared += len(costs)
        assert compared > 10, tongue
        if tongue.language in alone:
            costs = costs_of_beginnings(alone[tongue.language], tongue, side)
            assert len(costs) > 3
            assert (np.diff(costs) < 0.0).all(), tongue


WORDS = {
    "german": "Schulter_xx_re", "french": "epaule_xx_droite", "spanish": "hombro_xx_der",
    "italian": "spalla_xx_dx", "japanese": "migi_kata_xx", "english": "right_shoulder_xx",
}  # fmt: skip
"""A right shoulder with a word that no language has."""


@pytest.mark.opensim
@pytest.mark.parametrize("language", WORDS)
def test_a_shoulder_is_never_placed_elsewhere_in_any_language(language):
    """On C7 it has no place and is named; on the acromion positions may put it."""
    static, _ = virtual_sprinter()
    styles = lists().get(language, {})
    truth = named_labels(static.labels, TABLE).sites
    rest = written(language, next(iter(styles))) if styles else {}
    by_place = {}
    for label, (name, side) in rest.items():
        for landmark in CALLED.get(name, {name}):
            by_place.setdefault((landmark, side), label)
    label = WORDS[language]
    for where in (SidedLandmark("c7"), SidedLandmark("knee_lateral", "left")):
        names = {
            one: by_place.get((place.landmark, place.side), one) if by_place else one
            for one, place in truth.items()
            if place != SidedLandmark("acromion", "right")
        }
        names |= {one: label for one, place in truth.items() if place == where}
        unique = Counter(names.values())
        kept = [one for one in static.labels if unique[names.get(one, "")] == 1]
        worn = median_positions(static)
        found = assign(
            named_labels([names[one] for one in kept], TABLE),
            [{names[one]: worn[one] for one in kept}],
            [],
            frozenset(),
            TABLE,
        )
        hint = named_labels([names[one] for one in kept], TABLE).hints[label]
        assert not allows(hint, where, TABLE)
        assert label not in found.sites
        assert "shoulder" in found.left_out[label]


@pytest.mark.opensim
def test_relabelled_sets_are_placed_right_or_asked():
    """Thirty of the two hundred that `python -m validation.relabelled` draws."""
    found = draws_of([virtual_sprinter()], draws=30, seed=62)
    assert [(one.language, one.style, one.silent) for one in found if one.what == WRONG] == []
    count = Counter(one.what for one in found)
    assert count[RIGHT] >= 15
    assert count[RIGHT] + count[ASKED] == 30
    assert np.mean([one.placed for one in found]) > 0.95


def test_a_marker_set_against_the_names_of_its_labels_is_said():
    """Exchanged landmarks, segments and sides, unless a person looked; a sound one is not."""
    sound = read_yaml(OWN / "markers.yaml", MarkerSet)
    assert labels_against_names(sound, MAP) == {}
    for label, changes in {
        "RKNL": {"model": "RANL", "body": "tibia_r"},
        "LELL": {"model": "RELL", "body": "humerus_r"},
        "C7": {"model": "RSHO", "body": "clavicle_r"},
        "RTH1": {"body": "tibia_l"},
    }.items():
        marker = sound.markers[label].model_copy(update=changes)
        wrong = sound.model_copy(update={"markers": {**sound.markers, label: marker}})
        assert set(labels_against_names(wrong, MAP)) == {label}
        looked = marker.model_copy(update={"looked_at": True})
        fine = sound.model_copy(update={"markers": {**sound.markers, label: looked}})
        assert labels_against_names(fine, MAP) == {}


def test_unused_labels_of_a_part_are_named_before_the_wearer_is_told():
    """Only labels of which a word is known: others may be names of persons."""
    sound = read_yaml(OWN / "markers.yaml", MarkerSet)
    found = spare_labels([*sound.markers, "R_wrist_rds", "Miller", "R_HAND"], sound)
    assert found == {"forearm right": ["R_wrist_rds"]}
    assert "R_wrist_rds" in use_spare(found["forearm right"])
