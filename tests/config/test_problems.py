"""Every problem of a settings file is said once, in words, with its line and the way out."""

from __future__ import annotations

import pytest

from aqbio.config import MarkerSet, ModelMap
from aqbio.config.settings import REMOVED

DIRECTIONS = "one of `+x`, `-x`, `+y`, `-y`, `+z`, `-z`"


def test_unknown_key_names_the_line_and_the_key_that_was_meant(problems):
    [finding] = problems("name: a\nprepare:\n  event_cutoff_hz: 120\n  cutof_hz: 15\n")
    assert finding.what == "setting prepare.cutof_hz is unknown."
    assert finding.where == "line 4"
    assert finding.fix == "did you mean cutoff_hz?"


def test_all_problems_at_once_each_in_its_line(problems):
    text = """\
name: two words
laboratory:
  surfce: auto
  ignore_plates: [1, x]
prepare:
  cutoff_hz: fast
  max_gap_frames: -1
model:
  corrections:
    unclamp: maybe
contributions: 5
figures:
  formats: [pdf, png]
  widths_mm: 85
report:
  title: 2026
"""
    found = {f.where: f.what for f in problems(text)}
    assert found == {
        "line 1": "name must be letters, digits and _ - only, with a letter or digit first "
        "(given: 'two words').",
        "line 3": "setting laboratory.surfce is unknown.",
        "line 4": "laboratory.ignore_plates (item 2) must be a whole number (given: 'x').",
        "line 6": "prepare.cutoff_hz must be a number (given: 'fast').",
        "line 7": "prepare.max_gap_frames must be at least 0 (given: -1).",
        "line 10": "model.corrections.unclamp must be true or false (given: 'maybe').",
        "line 11": "contributions must hold settings of its own (given: 5).",
        "line 13": "figures.formats (item 2) must be one of `pdf`, `svg` (given: 'png').",
        "line 14": "figures.widths_mm must be a list, for example [1, 2] (given: 85).",
        "line 16": "report.title must be text (given: 2026).",
    }


@pytest.mark.parametrize(
    ("axes", "what"),
    [
        ("sideways", "laboratory.axes must be `auto` or {forward, up} (given: 'sideways')."),
        ("7", "laboratory.axes must be `auto` or {forward, up} (given: 7)."),
        ("[+x, +y]", "laboratory.axes must be `auto` or {forward, up} (given: ['+x', '+y'])."),
        ("{forward: +x}", "laboratory.axes.up is missing."),
        ("{forward: +x, up: -x}", "laboratory.axes: forward (+x) and up (-x) are the same axis."),
        ("{forward: +q, up: +y}", f"laboratory.axes.forward must be {DIRECTIONS} (given: '+q')."),
        ("{forward: +x, up: +y, right: +z}", "setting laboratory.axes.right is unknown."),
    ],
)
def test_alternatives_are_one_problem(problems, axes, what):
    [finding] = problems(f"name: a\nlaboratory:\n  axes: {axes}\n")
    assert finding.what == what
    assert finding.where == "line 3"


@pytest.mark.parametrize("value", [".nan", ".inf", "-.inf"])
def test_only_finite_numbers(problems, value):
    [finding] = problems(f"name: a\nprepare: {{cutoff_hz: {value}}}\n")
    assert finding.what.startswith("prepare.cutoff_hz must be a finite number")


@pytest.mark.parametrize("text", ["- a\n", "words\n", "7\n", "false\n", "[]\n"])
def test_a_file_that_holds_no_settings(problems, text):
    [finding] = problems(text)
    assert finding.what.startswith("the file must hold settings of its own")


def test_empty_file_lacks_what_is_required(problems):
    [finding] = problems("")
    assert (finding.what, finding.fix) == ("name is missing.", "add name.")


def test_groups_must_be_a_partition(problems):
    text = """\
name: m
source: s
groups: {pelvis: [p, l], leg_left: [l], leg_right: [r]}
feet: {left: l, right: r}
joints: {hip: {left: a, right: b}, knee: {left: a, right: b}, ankle: {left: a, right: b}}
pelvis: {body: p, joint: j}
"""
    [finding] = problems(text, ModelMap)
    assert "bodies ['l'] are in more than one group" in finding.what
    [unknown] = problems(text.replace("pelvis: [p, l]", "hips: [p]"), ModelMap)
    assert "groups ['hips'] are not among" in unknown.what


def test_labels_of_a_marker_set_must_exist(problems):
    text = """\
name: m
source: s
markers: {A: {body: b}, B: {body: b}}
feet: {left: {heel: C, toe: [B]}, right: {heel: A, toe: [B]}}
pelvis: {front: [A], back: [B]}
"""
    [finding] = problems(text, MarkerSet)
    assert "feet or pelvis: label C is not in markers" in finding.what


@pytest.mark.parametrize("name", REMOVED)
def test_a_setting_that_was_says_what_became_of_it(problems, name):
    """And is none that is: no study goes on with a number that nothing reads."""
    section, _, key = name.partition(".")
    [finding] = problems(f"name: a\n{section}:\n  {key}: 1\n")
    assert (finding.severity, finding.where) == ("error", "line 3")
    assert finding.what == f"setting {name} is none any more: {REMOVED[name]}"
