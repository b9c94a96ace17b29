"""Labels as words of a language: the same set in other spellings, and words that bar positions."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from aqbio.config import MarkerSet, ModelMap, read_yaml
from aqbio.io.study import MODELS
from aqbio.labels.against_names import labels_against_names, spare_labels, use_spare
from aqbio.labels.assign import assign
from aqbio.labels.by_name import SidedLandmark, landmark_table, named_labels, video_landmarks
from aqbio.labels.hints import allows
from aqbio.labels.words import ENGLISH, label_languages, label_words, reading, spellings
from aqbio.labels.words import landmark_table as table_of_words
from aqbio.prepare.label_check import median_positions
from validation.broken_labels import QUESTIONED, RIGHT, WRONG
from validation.relabelled import SPELLINGS, draws_of, lists, spelled, virtual_sprinter

TABLE = landmark_table()
SPRINT = MODELS / "sprint"
MAP = read_yaml(SPRINT / "map.yaml", ModelMap)

LANDMARKS_OF = {
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
    landmark_of = {}
    for name, text in entry["labels"].items():
        for side, word in zip(("right", "left"), entry["sides"], strict=True):
            landmark = name, side if "{}" in text else ""
            landmark_of[spelled(text.format(word), spelling)] = landmark
    return landmark_of


def wrongly_named(labels):
    """Labels with another place than their list says, and how many have their place or reason."""
    by_name = named_labels(labels, TABLE)
    wrong, read = [], 0
    for label, (name, side) in labels.items():
        site = by_name.sites.get(label)
        read += site is not None or label in by_name.unused or label in by_name.hints
        if site is not None and (
            site.landmark not in LANDMARKS_OF.get(name, {name}) or site.side not in ("", side)
        ):
            wrong.append((label, str(site)))
    return wrong, read


@pytest.mark.parametrize(("language", "style"), SETS)
def test_no_label_of_a_whole_list_is_read_as_another_landmark(language, style):
    """Lists that were written without a look at the word list, in every spelling."""
    for spelling in (
        spelling for spelling in SPELLINGS if spelling != "cut off"
    ):  # which makes other words
        labels = written(language, style, spelling)
        wrong, read = wrongly_named(labels)
        assert wrong == [], spelling
        assert read == len(labels), spelling


@pytest.mark.parametrize(("language", "style"), SETS)
def test_half_a_list_is_read_in_the_same_language(language, style):
    """Legs alone, arms alone: a language is known by what is there."""
    labels = written(language, style)
    rng = np.random.default_rng(1)
    for _ in range(3):
        half = {label: labels[label] for label in rng.permutation(list(labels))[: len(labels) // 2]}
        wrong, read = wrongly_named(half)
        assert wrong == []
        assert read >= 0.9 * len(half)


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
    sites = named_labels(labels, TABLE).sites
    assert set(sites) == set(labels)
    for label, site in sites.items():
        assert site.side == ("right" if label.endswith("D") else "left"), label


def test_names_in_english_stay_in_a_set_of_another_language():
    """T1 of RTH1 makes no vertebra of it: it has a side."""
    thighs = [f"{side}TH{number}" for side in "RL" for number in (1, 2, 3)]
    words = ["ASIS_izq", "ASIS_der", "PSIS_izq", "PSIS_der", "TALON_der", "TALON_izq"]
    sites = named_labels([*words, *thighs], TABLE).sites
    assert {label: str(sites[label]) for label in thighs} == {
        label: f"{'right' if label[0] == 'R' else 'left'} thigh" for label in thighs
    }


def test_a_hand_of_no_side_is_none_where_the_name_is_another_one_in_english():
    """MAN is the manubrium; Spanish hands have sides."""
    words = ["D_EIAS", "I_EIAS", "Sacro", "D_Talon", "I_Talon", "D_Rodilla_Ext", "D_Mano"]
    found = named_labels([*words, "MAN"], TABLE)
    assert found.sites["MAN"].landmark == "trunk"
    assert [*found.unused] == ["D_Mano"]


def test_every_word_is_read_with_a_side_of_its_language():
    """Each word of a language for a sided landmark is that landmark on both sides."""
    for name, language in label_words().languages.items():
        if name == ENGLISH:
            continue
        words = [
            word
            for key in ("knee", "elbow", "shoulder", "heel")
            for word in language.words.get(key, ())
        ]
        sides = language.sides.right[0], language.sides.left[0]
        labels = [f"{word}_{side}" for word in words for side in sides]
        by_name = named_labels(labels, TABLE)
        assert {site.side for site in by_name.sites.values()} == {"right", "left"}, name
        assert not by_name.hints, name


@pytest.mark.parametrize(
    ("labels", "landmark"),
    [
        ("RASI LASI RPAT LPAT RMEPI LMEPI", "knee_medial"),
        ("RASI LASI RRAD LRAD RUL LUL", "wrist_ulnar"),
    ],
)
def test_a_spare_label_turns_no_other_into_another_language(labels, landmark):
    """German reads SPARE9 as an instep, Latin words are nobody's own; UL beside RAD is no leg."""
    *_, last = worn = labels.split()
    alone, beside = (named_labels(x, TABLE) for x in (worn, [*worn, "SPARE9"]))
    assert alone.sites[last] == SidedLandmark(landmark, "left")
    assert alone.sites == {label: beside.sites.get(label) for label in alone.sites}


def test_published_sets_are_read_in_english():
    """A set of R and L whose labels are known is never read in another language."""
    assert label_languages()[0].name == ENGLISH
    assert table_of_words is landmark_table
    labels = [
        f"{side}{name}" for side in "RL" for name in ("ASI", "TH1", "AR1", "AR2", "KNE", "US")
    ]
    sites = named_labels(labels, TABLE).sites
    assert sites["RTH1"] == SidedLandmark("thigh", "right")
    assert sites["LUS"] == SidedLandmark("wrist_ulnar", "left")


def costs_of_beginnings(word, language, side):
    """Cost of every beginning of a word that has the meaning of the whole; the whole one last."""
    read = [reading(f"{word[:end]}_{side}", language) for end in range(3, len(word) + 1)]
    if read[-1] is None or not read[-1].meanings:
        return [0.0]
    meaning = read[-1].meanings, read[-1].words
    same_meaning = [x for x in read if x and (x.meanings, x.words) == meaning]
    return [beginning.cost for beginning in same_meaning]


def test_the_more_letters_of_a_word_are_written_the_surer_it_is():
    """In no language is a beginning surer than the whole word; each letter of one word counts."""
    shoulder_words = {"english": "shoulder", "french": "epaule", "german": "sprunggelenk",
             "italian": "ginocchio", "spanish": "tobillo"}  # fmt: skip
    vocabularies = label_words().languages
    for language in label_languages()[: len(vocabularies)]:
        vocabulary, compared = vocabularies[language.name], 0
        side = vocabulary.sides.right[0]
        synonyms = vocabulary.words.values()
        words = {min(spellings(word)) for names in synonyms for word in names}
        for word in sorted(word for word in words if len(word) > 5)[::6]:
            costs = costs_of_beginnings(word, language, side)
            assert min(costs) >= costs[-1] - 1e-12, (language, word)
            compared += len(costs)
        assert compared > 10, language
        if language.name in shoulder_words:
            costs = costs_of_beginnings(shoulder_words[language.name], language, side)
            assert len(costs) > 3
            assert (np.diff(costs) < 0.0).all(), language


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
    by_site = {}
    for label, (name, side) in rest.items():
        for landmark in LANDMARKS_OF.get(name, {name}):
            by_site.setdefault((landmark, side), label)
    label = WORDS[language]
    for wrong_site in (SidedLandmark("c7"), SidedLandmark("knee_lateral", "left")):
        names = {
            marker: by_site.get((site.landmark, site.side), marker) if by_site else marker
            for marker, site in truth.items()
            if site != SidedLandmark("acromion", "right")
        }
        names |= {marker: label for marker, site in truth.items() if site == wrong_site}
        unique = Counter(names.values())
        unambiguous = [marker for marker in static.labels if unique[names.get(marker, "")] == 1]
        worn = median_positions(static)
        assigned = assign(
            named_labels([names[marker] for marker in unambiguous], TABLE),
            [{names[marker]: worn[marker] for marker in unambiguous}],
            [],
            frozenset(),
            TABLE,
        )
        hint = named_labels([names[marker] for marker in unambiguous], TABLE).hints[label]
        assert not allows(hint, wrong_site, TABLE)
        assert label not in assigned.sites
        assert "shoulder" in assigned.left_out[label]


@pytest.mark.opensim
def test_relabelled_sets_are_placed_right_or_asked():
    """Thirty of the two hundred that `python -m validation.relabelled` draws."""
    draws = draws_of([virtual_sprinter()], draws=30, seed=62)
    assert [
        (draw.language, draw.style, draw.silent) for draw in draws if draw.outcome == WRONG
    ] == []
    count = Counter(draw.outcome for draw in draws)
    assert count[RIGHT] >= 15
    assert count[RIGHT] + count[QUESTIONED] == 30
    assert np.mean([draw.placed for draw in draws]) > 0.95


def test_marker_set_that_contradicts_label_names_is_reported():
    """Exchanged landmarks, segments and sides, unless a person looked; a sound one is not."""
    sound = read_yaml(SPRINT / "markers.yaml", MarkerSet)
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
        confirmed = marker.model_copy(update={"looked_at": True})
        fine = sound.model_copy(update={"markers": {**sound.markers, label: confirmed}})
        assert labels_against_names(fine, MAP) == {}


def test_spare_labels_of_a_segment_are_listed():
    """Only labels of which a word is known: others may be names of persons."""
    sound = read_yaml(SPRINT / "markers.yaml", MarkerSet)
    spare = spare_labels([*sound.markers, "R_wrist_rds", "Miller", "R_HAND"], sound)
    assert spare == {"forearm right": ["R_wrist_rds"]}
    assert "R_wrist_rds" in use_spare(spare["forearm right"])


@pytest.mark.parametrize(
    "form",
    [
        "{side}_{name}", "{side}.{name}", "{side} {name}", "{side}-{name}", "{side}/{name}",
        "{side}|{name}", "{side};{name}", "({letter}) {name}", "{name} ({side})",
        "{name}[{letter}]", "{name}/{letter}", "{name}_{letter}_", "{side}：{name}",
    ],
)  # fmt: skip
def test_a_side_is_read_whatever_separates_it(form):
    names = ("HEEL", "TOE", "P5MT", "LMAL", "ASI", "TIAD", "LEPI", "SH")
    labels = {
        form.format(side=side, letter=side[0], name=name): f"{side[0]}{name}"
        for name in names
        for side in ("Left", "Right")
    }
    expected = named_labels(labels.values(), TABLE).sites
    sites = named_labels(labels, TABLE).sites
    assert len(expected) == len(labels)
    assert {labels[label]: site for label, site in sites.items()} == expected


VIDEO_JOINTS = ("hip", "knee", "ankle", "shoulder", "elbow", "heel")


@pytest.mark.parametrize("language", label_words().languages)
def test_points_of_video_are_joint_centres_in_every_language(language):
    """Of a set with a face or a neck; without one, they are markers on the skin."""
    table = label_words().languages[language]
    word = {
        key: table.words[key][0]
        for key in (*VIDEO_JOINTS, "neck")
        if key in table.words
    }  # fmt: skip
    right, left = table.sides.right[0], table.sides.left[0]
    labels = {
        f"{name}_{side}": SidedLandmark(key if key == "heel" else f"{key}_centre", english)
        for key, name in word.items()
        if key != "neck"
        for side, english in ((right, "right"), (left, "left"))
    }
    assert {"hip", "knee", "neck"} <= word.keys()
    assert video_landmarks([*labels, word["neck"]], TABLE) == labels
    assert not video_landmarks([*labels], TABLE)


def test_the_points_of_mediapipe_are_video():
    """Its toe is called foot index."""
    labels = [f"{side}_{name}" for side in ("left", "right") for name in ("hip", "knee", "ankle")]
    found = video_landmarks([*labels, "left_foot_index", "right_foot_index"], TABLE)
    assert found["left_foot_index"] == SidedLandmark("toe", "left")
    assert found["right_knee"] == SidedLandmark("knee_centre", "right")
