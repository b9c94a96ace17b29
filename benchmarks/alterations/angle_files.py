"""Alterations of joint angles in files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmarks.alterations.planted import (
    ARMS,
    GONE,
    LEGS,
    TRUNK,
    Alteration,
    Planted,
    Random,
    drawn_window,
    together,
    told,
)
from benchmarks.alterations.study import MemoryStudy
from benchmarks.alterations.whole_recordings import mot_milliseconds

GROUPS = {
    "arm_right": ("arm_flex_r", "arm_add_r", "arm_rot_r", "elbow_flex_r"),
    "arm_left": ("arm_flex_l", "arm_add_l", "arm_rot_l", "elbow_flex_l"),
    "lumbar": ("lumbar_extension", "lumbar_bending", "lumbar_rotation"),
    "leg_right": (
        "hip_flexion_r", "hip_adduction_r", "hip_rotation_r", "knee_angle_r", "ankle_angle_r",
    ),
    "leg_left": (
        "hip_flexion_l", "hip_adduction_l", "hip_rotation_l", "knee_angle_l", "ankle_angle_l",
    ),
    "pelvis": ("pelvis_tilt", "pelvis_list", "pelvis_rotation"),
}  # fmt: skip
WORDS = {
    "arm": r"\barm|elbow",
    "lumbar": "lumbar|torso|trunk",
    "leg": r"\bleg|hip|knee|ankle",
    "pelvis": "pelvis",
}


def _drawn(study: MemoryStudy, random: Random) -> tuple[str, list[int]]:
    """A part of the person, or both arms, and the places of its columns."""
    angles = study.angles
    assert angles is not None
    name = str(random.choice([*GROUPS, "arms"]))
    wanted = GROUPS["arm_left"] + GROUPS["arm_right"] if name == "arms" else GROUPS[name]
    return name, [n for n, column in enumerate(angles.columns) if column in wanted]


def _names(study: MemoryStudy, group: str, places: Sequence[int], words: str) -> tuple[str, ...]:
    assert study.angles is not None
    columns = "|".join(study.angles.columns[place] for place in places)
    part = next(word for name, word in WORDS.items() if group.startswith(name))
    return (together(columns, words), together(part, words))


def _hanging(group: str) -> tuple[str, ...]:
    return ARMS if group.startswith("arm") else TRUNK if group == "lumbar" else LEGS


def delete_columns(study: MemoryStudy, random: Random) -> Planted:
    """Columns of a part of the person are not in the file."""
    group, places = _drawn(study, random)
    angles = study.angles
    assert angles is not None
    names = _names(study, group, places, GONE)
    kept = [n for n in range(len(angles.columns)) if n not in places]
    columns = tuple(angles.columns[n] for n in kept)
    study.angles = replace(angles, columns=columns, values=angles.values[:, kept])
    return Planted(f"columns of {group} deleted", names, foreseen=True, gone=_hanging(group))


def zero_columns(study: MemoryStudy, random: Random) -> Planted:
    """Columns of a part are all zero, or one number."""
    group, places = _drawn(study, random)
    assert study.angles is not None
    values = study.angles.values.copy()
    value = float(random.choice([0.0, 0.0, 10.0, 45.0]))
    values[:, places] = value
    study.angles = replace(study.angles, values=values)
    names = _names(study, group, places, GONE + "|never changes|does not change|constant|zero")
    return Planted(f"columns of {group} all {value:g}", names, foreseen=True, gone=_hanging(group))


def freeze_columns(study: MemoryStudy, random: Random) -> Planted:
    """Columns of a part stand still for a while."""
    group, places = _drawn(study, random)
    assert study.angles is not None
    values = study.angles.values.copy()
    part = drawn_window(len(values), random, 0.3)
    values[part, places] = values[part.start, places]
    study.angles = replace(study.angles, values=values)
    names = _names(study, group, places, GONE + "|constant|still|not change|jump")
    return Planted(f"columns of {group} held in {told(part, len(values))}", names)


def swap_columns(study: MemoryStudy, random: Random) -> Planted:
    """Left and right columns of legs, arms or all of them exchanged."""
    assert study.angles is not None
    wanted = [("leg",), ("arm",), ("leg", "arm")][random.integers(3)]
    values, columns = study.angles.values.copy(), study.angles.columns
    for part in wanted:
        for left, right in zip(GROUPS[f"{part}_left"], GROUPS[f"{part}_right"], strict=True):
            pair = [columns.index(left), columns.index(right)]
            values[:, pair] = values[:, pair[::-1]]
    study.angles = replace(study.angles, values=values)
    names = (
        together("left|right|side", "swap|exchang|other side"),
        together("force|plate", "no foot|under no|other foot"),
    )
    return Planted(f"columns of left and right {' and '.join(wanted)} exchanged", names)


def turn_column(study: MemoryStudy, random: Random) -> Planted:
    """A column with the other sign: another model's convention."""
    assert study.angles is not None
    choices = [("knee_angle_r", "knee_angle_l"), ("elbow_flex_r", "elbow_flex_l"), ("pelvis_tilt",),
               ("hip_flexion_r", "hip_flexion_l"), ("lumbar_extension",)]  # fmt: skip
    chosen = choices[random.integers(len(choices))]
    values = study.angles.values.copy()
    values[:, [study.angles.columns.index(one) for one in chosen]] *= -1.0
    study.angles = replace(study.angles, values=values)
    part = chosen[0].split("_")[0]
    names = (together(part, "sign|range|degrees|impossible|bend|turned"),)
    return Planted(f"sign of {' and '.join(chosen)} turned", names)


def degrees_flag(study: MemoryStudy, random: Random) -> Planted:
    """The header says radians, or nothing."""
    text = str(random.choice(["inDegrees=no", "source=export"]))
    study.edits["angles.mot"] = lambda old: old.replace("inDegrees=yes", text)
    return Planted(f"header says {text}", (together("radians|degrees"),), foreseen=True)


def radians(study: MemoryStudy, _: Random) -> Planted:
    """Numbers in radians under a header that says degrees."""
    assert study.angles is not None
    values = study.angles.values.copy()
    rotation = [
        n
        for n, name in enumerate(study.angles.columns)
        if not name.startswith("pelvis_t") or name == "pelvis_tilt"
    ]
    values[:, rotation] *= np.pi / 180.0
    study.angles = replace(study.angles, values=values)
    return Planted(
        "radians under a header of degrees", (together("radians|degrees"),), foreseen=True
    )


def millimetres(study: MemoryStudy, _: Random) -> Planted:
    """The pelvis's place in millimetres."""
    assert study.angles is not None
    values = study.angles.values.copy()
    places = [study.angles.columns.index(f"pelvis_t{axis}") for axis in "xyz"]
    values[:, places] *= 1000.0
    study.angles = replace(study.angles, values=values)
    names = (together("pelvis|translation|place|height", r"mm|millimetre|unit|metre|\bm\b"),)
    return Planted("pelvis_tx, ty, tz in millimetres", names, foreseen=True)


def no_numbers(study: MemoryStudy, random: Random) -> Planted:
    """Cells that are no numbers."""
    assert study.angles is not None
    values = study.angles.values.copy()
    _, places = _drawn(study, random)
    part = drawn_window(len(values), random, 0.05)
    values[part, places] = np.nan
    study.angles = replace(study.angles, values=values)
    names = (
        together("no number|not a number|nan|damaged|missing|empty"),
        *_names(study, "leg", places, GONE),
    )
    return Planted(
        f"{len(places)} columns are no numbers in {told(part, len(values))}", names, foreseen=True
    )


def noisy_angles(study: MemoryStudy, random: Random) -> Planted:
    """All angles tremble."""
    assert study.angles is not None
    size, values = float(random.uniform(0.2, 6.0)), study.angles.values.copy()
    moving = [
        n
        for n, name in enumerate(study.angles.columns)
        if name not in ("pelvis_tx", "pelvis_ty", "pelvis_tz")
    ]
    values[:, moving] += size * random.standard_normal((len(values), len(moving)))
    study.angles = replace(study.angles, values=values)
    return Planted(
        f"noise of {size:.1f} degrees on all angles",
        (together("noise|jump|tremble|from one frame"),),
    )


def late_angles(study: MemoryStudy, random: Random) -> Planted:
    """Angles whose clock is not that of the forces."""
    assert study.angles is not None
    seconds = float(random.choice([-1.0, 1.0]) * random.uniform(0.02, 0.15))
    study.angles = replace(study.angles, time=study.angles.time + seconds)
    names = (together("force|clock", "late|early|delay|clock|no foot|another"),)
    return Planted(
        f"angles {1000 * seconds:.0f} ms late against the forces",
        names,
        shifts=(0.0, seconds, -seconds),
    )


def angle_milliseconds(study: MemoryStudy, _: Random) -> Planted:
    """The time column of the angles in milliseconds."""
    study.edits["angles.mot"] = mot_milliseconds
    names = (
        together("millisecond|time column|clock|seconds", "millisecond|ms|thousand|seconds|unit"),
    )
    return Planted("time in milliseconds in angles.mot", names, foreseen=True)


ANGLE_ALTERATIONS: tuple[Alteration, ...] = (
    delete_columns, zero_columns, freeze_columns, swap_columns, turn_column, degrees_flag, radians,
    millimetres, no_numbers, noisy_angles, late_angles, angle_milliseconds,
)  # fmt: skip
