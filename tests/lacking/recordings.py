"""The unaltered recordings: a virtual sprinter of the demo study, and JA1."""

from __future__ import annotations

from pathlib import Path

from aqbio.virtual.laboratory import VICON_AXES, Laboratory
from benchmarks.alterations.bases import c3d_take, virtual_take
from benchmarks.alterations.study import part_of
from tests.lacking.alterations import STATIC, Recordings

PERSON = {"sex": "male", "height_m": "1.80"}


def virtual(*levels: int) -> Recordings:
    """A static trial of athlete V06 and a run at each level of speed; V02 is at hand as company."""
    takes, company = (
        {STATIC: virtual_take(who, level, 0)[0], f"run{level}": virtual_take(who, level, 0)[1]}
        for who, level in (("V06", levels[0]), ("V02", levels[0]))
    )
    for level in levels[1:]:
        takes[f"run{level}"] = virtual_take("V06", level, 0)[1]
    return Recordings(PERSON, takes, Laboratory(), "75", company)


def ja1(realdata: Path) -> Recordings:
    """JA1's static trial, jog and sprint."""
    folder = realdata / "ja1_dorn2012" / "c3d"
    takes = {
        STATIC: part_of(c3d_take(folder / "JA1Static05.c3d"), 0.4, 1.6),
        "sprint": c3d_take(folder / "JA1Gait35.c3d"),
        "jog": part_of(c3d_take(folder / "JA1Gait21.c3d"), 0.36, 1.8),
    }
    company = virtual(3).takes
    laboratory = Laboratory(axes=VICON_AXES)
    return Recordings(PERSON | {"height_m": "1.78"}, takes, laboratory, "75.95", company)
