"""Recordings as laboratories of five languages would label them, and whether labels are understood.

``python -m validation.relabelled --draws 200 STATIC MOVING [STATIC MOVING ...]`` gives the markers
of recordings the names of ``validation/label_lists``, which were written without a look at the
program's word list: of a drawn language and style, in a drawn spelling, some of them left out. A
virtual sprinter is drawn beside the recordings. The truth is where the recording's own names are.
Wrong is another site without a question to the user; of the others the share of labels with their
site is counted.
"""

from __future__ import annotations

import argparse
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from aqbio.io.recording import Recording
from aqbio.io.study import MODELS
from aqbio.io.trial_files import read_recording
from aqbio.labels.assign import Assignment, assign
from aqbio.labels.by_name import SidedLandmark, landmark_table, named_labels
from aqbio.labels.words import DIGRAPHS
from aqbio.multibody.kinematics import marker_positions
from aqbio.prepare.label_check import median_positions
from validation.broken_labels import WRONG, Broken, outcome, renamed

LISTS = Path(__file__).with_name("label_lists")

NAMES = {
    "acromion": ("shoulder",), "clavicle": ("jugular_notch",), "sternum": ("xiphoid",),
    "mt2": ("toe",), "trunk": ("t7", "jugular_notch"), "head": ("head_top",),
}  # fmt: skip
"""Names of the lists by landmark, where they differ."""

NUMBERED = ("thigh", "shank", "upper_arm", "forearm", "midfoot")
"""Names of the lists that several markers of a cluster share."""

LEFT_OUT = 0.15
"""Share of the labels that a draw leaves out of the recordings."""

SPELLINGS = ("as written", "capitals", "small", "no gaps", "dots", "blanks", "two letters",
             "no accents", "lost", "wrong encoding", "cut off")  # fmt: skip


@dataclass(frozen=True)
class LabelDraw:
    """Outcome of one draw."""

    language: str
    style: str
    spelling: str
    outcome: str
    silent: Sequence[str]
    """Labels at a wrong site without a question."""
    placed: float
    """Share of the labels that have their place."""
    answer: Assignment


def virtual_sprinter() -> tuple[Recording, Recording]:
    """The sprint model standing still and swinging its limbs, with noise of 3 mm."""
    from aqbio.opensim.session import quiet
    from aqbio.opensim.skeleton import read_skeleton

    with quiet(level="Off"):
        skeleton = read_skeleton(MODELS / "sprint" / "sprint_male.osim")
    rng, time = np.random.default_rng(1), np.linspace(0.0, 1.0, 100)
    q = np.tile(skeleton.coordinate_default, (len(time), 1))
    for name, size in {"hip_flexion": 0.7, "knee_angle": 0.6, "arm_flex": 0.7}.items():
        for side, sign in (("r", 1.0), ("l", -1.0)):
            columns = [coordinate == f"{name}_{side}" for coordinate in skeleton.coordinates]
            q[:, columns] += (sign * size * np.sin(4.0 * np.pi * time))[:, None]
    standing, moving = (
        Recording(
            skeleton.markers,
            (at := marker_positions(skeleton, pose)) + rng.normal(0.0, 0.003, at.shape),
            100.0,
        )
        for pose in (np.repeat(q[:1], 30, axis=0), q)
    )
    return standing, moving


def lists() -> dict[str, dict[str, dict[str, object]]]:
    """Styles of every language."""
    return {
        file.stem: yaml.safe_load(file.read_text(encoding="utf-8"))
        for file in sorted(LISTS.glob("*.yaml"))
    }


def names_of(
    truth: Mapping[str, SidedLandmark], labels: Mapping[str, str], sides: Sequence[str]
) -> dict[str, str]:
    """New name by label, of those for whose place a list has one."""
    new_names: dict[str, str] = {}
    count: Counter[str] = Counter()
    for label, site in truth.items():
        names = NAMES.get(site.landmark, ("midfoot" if site.landmark == "foot" else "",))
        name = next(
            (name_in_list for name_in_list in (*names, site.landmark) if name_in_list in labels), ""
        )
        if not name or ("{}" in labels[name]) != bool(site.side):
            continue
        text = labels[name].format(sides[0] if site.side == "right" else sides[1])
        count[text] += 1
        if name in NUMBERED:
            text = f"{text}{count[text]}" if count[text] > 1 or name != "midfoot" else text
        elif count[text] > 1:
            continue
        new_names[label] = text
    return new_names


def spelled(label: str, spelling: str) -> str:
    """A label in another spelling."""
    plain = unicodedata.normalize("NFKD", label)
    if spelling == "capitals":
        return label.upper()
    if spelling == "small":
        return label.lower() if "_" in label else label
    if spelling == "no gaps":
        return "".join(word[:1].upper() + word[1:] for word in re.split(r"[_ .]", label))
    if spelling in ("dots", "blanks"):
        return label.replace("_", "." if spelling == "dots" else " ")
    if spelling == "two letters":
        return "".join(DIGRAPHS.get(letter, letter) for letter in label)
    if spelling == "no accents":
        return "".join(
            letter for letter in plain.replace("ß", "ss") if not unicodedata.combining(letter)
        )
    if spelling == "lost":
        return "".join(letter if letter.isascii() else "?" for letter in label)
    if spelling == "wrong encoding":
        return label.encode("utf-8").decode("latin-1")
    if spelling == "cut off":
        return re.sub(r"([^\W\d_]{4})[^\W\d_A-Z]{2,}(?=[_A-Z\d]|$)", r"\1", label)
    return label


def draws_of(
    recordings: Sequence[tuple[Recording, Recording]], draws: int, seed: int
) -> list[LabelDraw]:
    """Give recordings names of a drawn language, style and spelling, and judge every answer."""
    table, rng, styles = landmark_table(), np.random.default_rng(seed), lists()
    truths = [_truth(*pair) for pair in recordings]
    label_draws = []
    for number in range(draws):
        static, moving = recordings[number % len(recordings)]
        truth = truths[number % len(recordings)]
        language = str(rng.choice(list(styles)))
        style = str(rng.choice(list(styles[language])))
        spelling = str(rng.choice(SPELLINGS))
        entry = styles[language][style]
        new = names_of(truth, entry["labels"], entry["sides"])  # type: ignore[arg-type]
        new = {label: spelled(name, spelling) for label, name in new.items()}
        shared = Counter(new.values())  # labels that are spelled alike are not read
        new = {label: name for label, name in new.items() if shared[name] == 1}
        new = {label: name for label, name in new.items() if rng.random() > LEFT_OUT}
        fault = Broken(language, f"{style}, {spelling}", new)
        standing, running = renamed(static, fault), renamed(moving, fault)
        all_labels = dict.fromkeys((*standing.labels, *running.labels))
        by_name = named_labels(all_labels, table)
        static_only = frozenset(all_labels) - frozenset(running.labels)
        answer = assign(by_name, [median_positions(standing)], [running], static_only, table)
        true_sites = {label: truth[label] for label in new}
        judged, silent = outcome(true_sites, fault, answer, table)
        placed = sum(name in answer.sites or name in by_name.unused for name in new.values())
        share = placed / len(new)
        label_draws.append(LabelDraw(language, style, spelling, judged, silent, share, answer))
    return label_draws


def _truth(static: Recording, moving: Recording) -> dict[str, SidedLandmark]:
    """Places of a recording's labels under its own names."""
    labels = dict.fromkeys((*static.labels, *moving.labels))
    by_name = named_labels(labels, landmark_table())
    static_only = frozenset(labels) - frozenset(moving.labels)
    assigned = assign(by_name, [median_positions(static)], [moving], static_only, landmark_table())
    return {label: assigned.sites[label] for label in by_name.sites if label in static.labels}


def main() -> int:
    """Draw names for recordings and print what becomes of them, by language and style."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="*", help="static and moving trials, by turns")
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--seed", type=int, default=62)
    options = parser.parse_args()
    read = [read_recording(file) for file in options.files]
    pairs = [virtual_sprinter(), *zip(read[::2], read[1::2], strict=True)]
    label_draws = draws_of(pairs, options.draws, options.seed)
    for key in sorted({(draw.language, draw.style) for draw in label_draws}):
        of_style = [draw for draw in label_draws if (draw.language, draw.style) == key]
        share = np.mean([draw.placed for draw in of_style])
        counts = ", ".join(
            f"{n} {outcome_name}"
            for outcome_name, n in Counter(draw.outcome for draw in of_style).items()
        )
        print(f"{' '.join(key):24} {counts}; {share:.1%} of the labels placed")
    for draw in label_draws:
        if draw.outcome == WRONG:
            sites = ", ".join(f"{label}: {draw.answer.sites[label]}" for label in draw.silent)
            print(f"wrong: {draw.language}, {draw.style}, {draw.spelling}: {sites}")
    print(dict(Counter(draw.outcome for draw in label_draws)))
    return 1 if any(draw.outcome == WRONG for draw in label_draws) else 0


if __name__ == "__main__":
    raise SystemExit(main())
