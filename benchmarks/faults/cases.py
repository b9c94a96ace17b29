"""The broken studies by name: what is broken, and words that the message must contain."""

from __future__ import annotations

from pathlib import Path

from benchmarks.faults.corpus import (
    BOMB,
    C3D,
    ENTITIES,
    LONG,
    MOT,
    PEOPLE,
    STUDY,
    TRC,
    Break,
    answers,
    bytes_at,
    cut,
    edited,
    external,
    far,
    instead,
    model,
    pipe,
    point_rate,
    removed,
    study,
    text,
    unseen,
)  # fmt: skip
from benchmarks.faults.doors import LOADS
from benchmarks.table import page_table

S, P, T, M = "study.yaml", "participants.tsv", "trials.tsv", "markers.yaml"
STRENGTH = (
    "participant_id\tside\tmovement\tcontraction\tvalue\tunit\n"
    "{}\tleft\tknee_extension\tisometric\t{}\tN m\n"
)

SETTINGS: dict[str, tuple[Break, str]] = {
    "study.yaml is missing": (removed(S), "does not exist"),
    "study.yaml is empty": (text(S, ""), "name"),
    "study.yaml is a pipe": (instead(S, pipe), "a pipe"),
    "study.yaml is a folder": (instead(S, Path.mkdir), "folder"),
    "study.yaml is binary": (text(S, bytes(range(256))), "UTF-8"),
    "study.yaml is UTF-16": (text(S, STUDY.encode("utf-16")), "UTF-8"),
    "an umlaut of another encoding": (text(S, STUDY.encode() + b"# f\xfcr\n"), "UTF-8"),
    "a control character": (study("report: {title: a\x1b[31mb}"), "YAML"),
    "tabs instead of blanks": (text(S, "name: small\nfiles:\n\tdata: data\n"), "YAML"),
    "an open bracket": (study("report: {title: [a"), "YAML"),
    "five thousand brackets": (study("report: " + "[" * 5000), "YAML"),
    "a list instead of sections": (text(S, "- name\n- results\n"), "study.yaml"),
    "an unknown section": (study("solv: {accuracy: 1}"), "setting solv is unknown"),
    "an unknown setting": (study("solve: {marker_rm_m: 1}"), "solve.marker_rm_m is unknown"),
    "a word for a number": (study("solve: {marker_rms_m: good}"), "solve.marker_rms_m"),
    "a number that is none": (study("solve: {marker_rms_m: .nan}"), "solve.marker_rms_m"),
    "a number without end": (study("solve: {marker_rms_m: .inf}"), "solve.marker_rms_m"),
    "a setting twice": (study("solve: {}", "solve: {}"), "written twice"),
    "a date that no calendar has": (study("report: {title: 2021-13-45}"), "YAML"),
    "a list that contains itself": (study("report: {authors: &a [*a]}"), ""),
    "lists of lists of lists (a bomb)": (study(BOMB), "aliases"),
    "an object of Python": (study("report: !!python/object:os.system {}"), "YAML"),
    "settings of 20 MB": (text(S, STUDY + "# " + "x" * 20_000_000), "MB"),
    "a name with blanks": (edited(S, "name: small", "name: my first study"), "name"),
    "a name that leads elsewhere": (edited(S, "name: small", "name: ../../etc"), "name"),
    "a name with braces": (edited(S, "name: small", "name: '{x}'"), "name"),
    "a name of 300 letters": (edited(S, "name: small", "name: " + "n" * 300), "name"),
    "a variable that is not set": (edited(S, "data: data", "data: '${NOT_SET}/x'"), "NOT_SET"),
    "no folder of recordings": (edited(S, "data: data", "data: elsewhere"), "does not exist"),
    "an unknown map": (edited(S, "model: {", "model: {map: sprnt, "), "sprnt"),
    "results with braces": (edited(S, "results: results", "results: '{x}'"), "results"),
}

SHEETS: dict[str, tuple[Break, str]] = {
    "no participants": (removed(P), "does not exist"),
    "participants: an empty file": (text(P, ""), "empty"),
    "participants: a header only": (text(P, PEOPLE.splitlines()[0] + "\n"), "no rows"),
    "participants: an Excel workbook": (text(P, b"PK\x03\x04" + bytes(500)), "Excel"),
    "participants: commas, and a decimal one": (
        text(P, PEOPLE.replace("60.5", "60,5").replace("\t", ",")), "more cells than the header",
    ),
    "participants: another encoding": (text(P, PEOPLE.encode() + b"J\xfcrg\tmale\n"), "Jürg"),
    "participants: a person's name as id": (edited(P, "P1", "Jane Doe"), "participant_id"),
    "participants: an id that leads elsewhere": (edited(P, "P1", "../P1"), "participant_id"),
    "participants: an id of 300 letters": (edited(P, "P1", "P" * 300), "participant_id"),
    "participants: an id of Windows' devices": (edited(P, "P1", "CON"), "participant_id"),
    "participants: the same id twice": (text(P, PEOPLE + "P1\tmale\t70\t1.8\tn/a\n"), "P1"),
    "participants: ids that differ in capitals": (
        text(P, PEOPLE + "p1\tmale\t70\t1.8\tn/a\n"), "appears 2 times",
    ),
    "participants: a mass in grams": (edited(P, "60.5", "60500"), "mass_kg"),
    "participants: a word as mass": (edited(P, "60.5", "light"), "mass_kg"),
    "participants: a mass in stones": (edited(P, "60.5", "9 st"), "mass_kg"),
    "participants: a height in centimetres": (edited(P, "1.70", "170"), "height_m"),
    "participants: an unknown sex": (edited(P, "female", "h"), "sex"),
    "participants: a cell of 140,000 letters": (edited(P, "female", LONG), ""),
    "participants: a quote that never ends": (edited(P, "female", '"' + LONG), ""),
    "participants: NUL bytes": (edited(P, "female", "fem\x00ale"), ""),
    "participants: a column is missing": (edited(P, "participant_id", "who"), "participant_id"),
    "participants: a misspelt column": (edited(P, "mass_kg", "mas_kg"), "mas_kg"),
    "participants: a column twice": (edited(P, "height_m", "mass_kg"), "2 times"),
    "participants: too many cells": (edited(P, "standing", "standing\tmore"), "cells"),
    "participants: an unknown static trial": (edited(P, "standing", "sitting"), "sitting"),
    "no trials": (removed(T), "does not exist"),
    "trials: a recording that is not there": (edited(T, "fast.c3d", "fats.c3d"), "fats.c3d"),
    "trials: a recording elsewhere": (edited(T, "fast.c3d", "../../../etc/passwd"), ""),
    "trials: a file name of 300 letters": (edited(T, "fast.c3d", "f" * 300), "no disk can have"),
    "trials: NUL in a file name": (edited(T, "fast.c3d", "fa\x00st.c3d"), ""),
    "trials: an unknown participant": (edited(T, "P1\tfast", "P2\tfast"), "P2"),
    "trials: the same trial twice": (edited(T, "slow\trun", "fast\trun"), "fast"),
    "trials: the same file twice": (edited(T, "slow.trc", "fast.c3d"), "fast.c3d"),
    "trials: an unknown task": (edited(T, "fast\trun", "fast\tsprint"), "task"),
    "trials: an unknown condition": (
        edited(T, "fast\trun\tnormal", "fast\trun\tslow"),
        "condition",
    ),
    "trials: another format": (edited(T, "slow.trc", "study.txt"), "study.txt"),
    "trials: no forces where some are named": (removed(MOT), "slow.mot"),
    "marker set: no YAML": (text(M, "markers: [:"), "YAML"),
    "marker set: an unknown word": (edited(M, "RASI:", "RASI: {bdy: pelvis}\n  X:"), "bdy"),
    "marker set: an unknown body": (edited(M, "body: pelvis", "body: pelvs"), "pelvs"),
    "marker set: empty": (text(M, ""), "markers"),
    "marker set: labels of another laboratory": (
        edited(M, "  RASI:", "  PelvisFrontRight:"), "label RASI is not in",
    ),
    "hypotheses: an unknown key": (text("hypotheses.yaml", "hypothesis: []\n"), "hypothes"),
    "hypotheses: empty": (text("hypotheses.yaml", ""), "hypothes"),
    "strength: an unknown participant": (text("strength.tsv", STRENGTH.format("P9", 90)), "P9"),
    "strength: a word as value": (text("strength.tsv", STRENGTH.format("P1", "x")), "value"),
}  # fmt: skip

RECORDINGS: dict[str, tuple[Break, str]] = {
    "C3D: empty": (text(C3D, b""), "C3D"),
    "C3D: text": (text(C3D, "not a C3D file\n" * 100), "C3D"),
    "C3D: half a file": (cut(C3D, 0.5), "it was cut"),
    "C3D: its header alone": (cut(C3D, 0.05), "C3D"),
    "C3D: a parameter that points nowhere": (bytes_at(C3D, 512 + 4, b"\x7f\x7f\xff\x7f"), "C3D"),
    "C3D: no markers by its header": (bytes_at(C3D, 2, b"\x00\x00"), ""),
    "C3D: markers by its header that are not there": (bytes_at(C3D, 2, b"\xff\x7f"), ""),
    "C3D: another computer's numbers": (bytes_at(C3D, 512 + 3, b"\x56"), "SGI"),
    "C3D: a rate of 0": (point_rate(0.0), "Hz"),
    "C3D: a rate of a billion": (point_rate(1e9), "C3D"),
    "C3D: one marker at 5 km": (far, "beyond 1000 m"),
    "C3D: nothing seen": (unseen, "none of the 8 labelled markers"),
    "C3D: a folder": (instead(C3D, Path.mkdir), ""),
    "C3D: a pipe": (instead(C3D, pipe), "does not exist"),
    "TRC: empty": (text(TRC, ""), "no TRC file"),
    "TRC: the header alone": (cut(TRC, 0.04), "holds one frame"),
    "TRC: half a file": (cut(TRC, 0.5), "promises"),
    "TRC: a letter in a number": (edited(TRC, "0.01000000", "0.o1000000"), "no number"),
    "TRC: time that stands": (edited(TRC, "0.02000000", "0.01000000"), "not uniform"),
    "TRC: time that goes back": (edited(TRC, "0.20000000", "0.00000000"), "not uniform"),
    "TRC: a marker at 5 km": (
        edited(TRC, "3\t0.02000000\t", "3\t0.02000000\t5000"),
        "beyond 1000 m",
    ),
    "TRC: no labels": (edited(TRC, "RASI\t\t\tLASI", ""), ""),
    "MOT: empty": (text(MOT, ""), "column names"),
    "MOT: no column of time": (edited(MOT, "time\t", "tme\t"), "column names"),
    "MOT: a damaged row": (edited(MOT, "0.01\t10.0\t900.0", "0.01\t10.0"), "damaged"),
    "MOT: an infinite force": (edited(MOT, "900.0", "inf"), "infinite"),
    "MOT: a force that is no number": (edited(MOT, "900.0", "nan"), "no numbers"),
    "MOT: a force of a meganewton": (edited(MOT, "900.0", "9.0e6"), "the weight of 100 kg"),
    "MOT: other columns": (edited(MOT, "ground_force_r_vx", "hip_flexion"), ""),
    "XML: no XML": (external("<a"), "no XML"),
    "XML: an unknown encoding": (external(LOADS.replace("UTF-8", "klingon")), ""),
    "XML: entities of entities (a bomb)": (external(ENTITIES + "]><z>&j;</z>"), ""),
    "XML: the forces are not there": (external(LOADS), "not beside it"),
    "model: it is not there": (model("own.osim", removed("own.osim")), "does not exist"),
    "model: no XML": (model("own.osim", text("own.osim", "no model")), "model"),
    "model: half a file": (model("own.osim", cut("own.osim", 0.5)), "model"),
    "model: an unknown encoding": (
        model("own.osim", edited("own.osim", "UTF-8", "klingon")), "model",
    ),
    "model: another one's map": (
        model("own.osim", text("own.osim", "<OpenSimDocument/>")), "does not have",
    ),
}  # fmt: skip

CASES = {**SETTINGS, **SHEETS, **RECORDINGS}

HEAD = """# Broken studies

What `aqbio check` says of studies and files that people, programs and disks have broken. Every
case is built by code ([cases.py](../benchmarks/faults/cases.py)) from a sound study; a test holds
every answer against the words that it must have. Written by
`python -m benchmarks.faults corpus`.

"""


def page(folder: Path) -> str:
    """Every case with its first answer, as a page."""
    rows = []
    for number, (name, (broken, _)) in enumerate(CASES.items()):
        finding = next(answers(broken, folder / str(number)))
        cells = (name, _cell(finding.what, folder), _cell(finding.fix, folder))
        rows.append(cells)
    heads = ("what is broken", "what is said first", "what to do")
    return HEAD + page_table(heads, rows) + "\n"


def _cell(words: str, folder: Path) -> str:
    """Words as a cell, a line of at most `CELL` letters."""
    plain = " ".join(words.replace(f"{folder}/", "").replace("|", "/").split())
    printable = "".join(letter if letter.isprintable() else "·" for letter in plain)
    return printable if len(printable) <= CELL else f"{printable[:CELL]} …"


CELL = 240
"""Letters of a cell."""
