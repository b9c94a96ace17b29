"""A small study on disk: two participants, a static and two running trials each, empty files."""

from __future__ import annotations

from pathlib import Path

PARTICIPANTS = ("P1", "P2")

_PEOPLE = """\
participant_id\tsex\tmass_kg\theight_m\tstatic_trial
P1\tfemale\t60.5\t1.70\tstanding
P2\tmale\tn/a\tn/a\tstanding
"""

_SETTINGS = """\
name: small
results: {results}
files:
  data: data
"""


def write_small_study(folder: Path, *, results: str = "") -> Path:
    """Write the study into a folder and give its study.yaml; results go there unless said."""
    (folder / "data").mkdir(parents=True)
    rows = ["participant_id\ttrial_id\ttask\tcondition\tfile\tforce_file"]
    for person in PARTICIPANTS:
        rows.append(f"{person}\tstanding\tstatic\tnormal\t{person}_standing.c3d\tn/a")
        rows.append(f"{person}\tfast\trun\tnormal\t{person}_fast.c3d\tn/a")
        rows.append(f"{person}\tslow\trun\tnormal\t{person}_slow.trc\t{person}_slow.mot")
    (folder / "participants.tsv").write_text(_PEOPLE, encoding="utf-8")
    (folder / "trials.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    settings = _SETTINGS.format(results=results or (folder / "results").as_posix())
    (folder / "study.yaml").write_text(settings, encoding="utf-8")
    for name in (name for row in rows[1:] for name in row.split("\t")[4:]):
        if name != "n/a":
            (folder / "data" / name).touch()
    return folder / "study.yaml"


def replace(file: Path, before: str, after: str) -> None:
    """Replace a text that must be there exactly once."""
    text = file.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{before!r} is there {text.count(before)} times"
    file.write_text(text.replace(before, after), encoding="utf-8")
