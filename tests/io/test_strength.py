"""The sheet of strengths: accepted forms, refused rows, and values in SI units."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqbio.config import InvalidStudyError, Participant, Strength
from aqbio.config.sheets import MOVEMENTS
from aqbio.io.strength import checked_strength, read_strength, refuse_old_sheet, unread_strength
from tests.refusal import refused

HEADER = (
    "participant_id\tsession\tside\tmovement\tcontraction\tvalue\tunit\tlever_arm_m\tangle_deg\t"
    "velocity_deg_s\tattempt\tdevice\tdate\tpain\n"
)
PEOPLE = (
    Participant(participant_id="A_before", person="A", session="before"),
    Participant(participant_id="A_after", person="A", session="after"),
    Participant(participant_id="B"),
)
SOUND = [
    "A_before\tbefore\tleft\thip_flexion\tisometric\t150\tN m\tn/a\t90\tn/a\t1\tHHD\t2026-04-03\t",
    "A_before\tbefore\tleft\thip_flexion\tisometric\t156\tN m\tn/a\t90\tn/a\t2\tHHD\t2026-04-03\t",
    "A_before\tbefore\tright\thip_flexion\tisometric\t180\tN m\tn/a\t90\tn/a\t1\tHHD\t2026-04-03\t",
    "A\tafter\tleft\tknee_extension\tconcentric\t210\tN m\tn/a\tn/a\t60\t1\tBiodex\tn/a\tsore knee",
    "B\tn/a\tbilateral\tleg_extension\tjump\t38\tcm\tn/a\tn/a\tn/a\t1\tn/a\tn/a\t",
    "B\t\tright\tband_rotation_clockwise\tband_repetitions\t12\trepetitions\t\t\t\t1\t\t\t",
]


def _write(folder: Path, lines: list[str], header: str = HEADER) -> Path:
    path = folder / "strength.tsv"
    path.write_text(header + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_sound_sheet_is_read_by_session(tmp_path):
    rows = read_strength(_write(tmp_path, SOUND), PEOPLE)
    assert [row.participant_id for row in rows] == ["A_before"] * 3 + ["A_after"] + ["B"] * 2
    assert [row.session for row in rows] == ["before"] * 3 + ["after"] + [None] * 2
    assert [row.role for row in rows] == ["swing"] * 3 + ["push", "push", None]
    assert rows[4].si == (pytest.approx(0.38), "m")


@given(
    force=st.floats(10, 60), arm=st.floats(0.1, 0.6), comma=st.booleans(),
    unit=st.sampled_from(["kg", "kgf", "KG"]),
)  # fmt: skip
def test_units_follow_from_definitions(force, arm, comma, unit, tmp_path_factory):
    """A kilogram weighs 9.80665 N; a moment is force times lever arm, however both are typed."""
    folder = tmp_path_factory.mktemp("sheet")
    cells = [f"{force:.3f}", f"{100 * arm:.1f} cm"]
    if comma:
        cells = [cell.replace(".", ",") for cell in cells]
    line = f"B\t\tL\tHip abduction\tIsometric\t{cells[0]}\t{unit}\t{cells[1]}"
    (row,) = read_strength(_write(folder, [line]), PEOPLE)
    value, si_unit = row.si
    assert si_unit == "N m"
    assert value == pytest.approx(9.80665 * round(force, 3) * round(100 * arm, 1) / 100, rel=1e-6)
    without = row.model_copy(update={"lever_arm_m": None}).si
    assert without == (pytest.approx(9.80665 * round(force, 3), rel=1e-6), "N")


def _changed(at: int, **cells: object) -> list[str]:
    """The sound lines with cells of one of them changed."""
    names = HEADER.strip().split("\t")
    values = dict(zip(names, SOUND[at].split("\t"), strict=True))
    values |= {name: str(value) for name, value in cells.items()}
    return [*SOUND[:at], "\t".join(values[name] for name in names), *SOUND[at + 1 :]]


BAD = {
    "an unknown participant": (_changed(4, participant_id="Bb"), 6, "did you mean B"),
    "a session that is not the row's": (_changed(0, session="after"), 2, "before"),
    "a person without a session": (_changed(3, session="n/a"), 5, "name one of its sessions"),
    "an unknown session of a person": (_changed(3, session="later"), 5, "after (A_after)"),
    "a side that is none": (_changed(0, side="push"), 2, ""),
    "a movement that is none": (_changed(0, movement="hip flexon"), 2, "did you mean hip_flexion"),
    "a contraction that is none": (_changed(0, contraction="isotonic"), 2, ""),
    "an isokinetic test": (
        _changed(0, contraction="isokinetic 60°/s"), 2,
        "write concentric or eccentric, and the speed (60) into its column, velocity_deg_s",
    ),
    "a speed beside the contraction": (
        _changed(0, contraction="Concentric 60 deg/s"), 2,
        "write concentric, and 60 into its column, velocity_deg_s",
    ),
    "an angle beside the contraction": (
        _changed(0, contraction="isometric, 90°"), 2, "and 90 into its column, angle_deg",
    ),
    "a word as value": (_changed(0, value="strong"), 2, ""),
    "no value": (_changed(0, value="n/a"), 2, "add value"),
    "a negative value": (_changed(0, value="-150"), 2, ""),
    "a unit that is none": (_changed(0, unit="lbs"), 2, ""),
    "a moment per mass as moment": (_changed(0, value="2.1"), 2, "N m/kg"),
    "a moment as moment per mass": (_changed(3, unit="N m/kg"), 5, "N m"),
    "a force as moment": (_changed(0, value="1500"), 2, "lever_arm_m"),
    "a height in centimetres as metres": (_changed(4, unit="m"), 6, "cm"),
    "half a repetition": (_changed(5, value="12.5"), 7, "whole"),
    "repetitions of an isometric test": (_changed(0, unit="repetitions"), 2, "unit or contraction"),
    "a jump in newtons": (_changed(4, unit="N"), 6, "unit or contraction"),
    "a lever arm of a moment": (_changed(0, lever_arm_m="0.4"), 2, "lever_arm_m"),
    "a lever arm in centimetres": (_changed(0, unit="N", lever_arm_m="38"), 2, "0.38"),
    "a velocity of an isometric test": (_changed(0, velocity_deg_s="60"), 2, "concentric"),
    "an angle beyond any joint": (_changed(0, angle_deg="720"), 2, ""),
    "a velocity in radians as text": (_changed(3, velocity_deg_s="1 rad/s"), 5, ""),
    "attempt 0": (_changed(0, attempt="0"), 2, ""),
    "an attempt twice": (_changed(1, attempt="1"), 3, "number the attempts"),
    "a date in American order": (_changed(0, date="04/03/2026"), 2, "2026-04-03"),
    "legs in different units": (
        _changed(2, unit="N", value="400"), 4, "give all rows the same unit",
    ),
    "sessions of a single row": (
        [*_changed(4, session="before")], 7, "person and session",
    ),
    "one attempt ten times the other": (_changed(1, value="15.6"), 3, "correct the wrong one"),
    "a leg a tenth of the other": (_changed(2, value="18"), 4, "pain"),
    "a later session that was tested before": (
        _changed(3, date="2026-01-03"), 5, "in the order of sessions"
    ),
    "no column value": ([*SOUND], 1, "value"),
}  # fmt: skip


RULES = {
    "an unknown participant": "strength-participant", "an attempt twice": "strength-twice",
    "legs in different units": "strength-units", "sessions of a single row": "strength-session",
    "one attempt ten times the other": "strength-attempts",
    "a leg a tenth of the other": "strength-sides",
    "a later session that was tested before": "strength-order",
}  # fmt: skip
"""Rules of what no single row shows."""


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named_with_line_and_fix(name, tmp_path):
    lines, line, fix = BAD[name]
    header = HEADER.replace("value", "result") if name == "no column value" else HEADER
    path = _write(tmp_path, lines, header)
    findings = checked_strength(path, PEOPLE)[1]
    about = [
        finding
        for finding in findings
        if finding.where == f"line {line}" and finding.severity != "info"
    ]
    assert about, [str(finding) for finding in findings]
    assert any(fix in finding.fix for finding in about), [finding.fix for finding in about]
    assert all(finding.fix and finding.file == str(path) for finding in about)
    assert RULES.get(name, about[0].rule) in {finding.rule for finding in about}
    columns = [finding.what.split()[0].rstrip(":.") for finding in about]
    understood = [finding.what for finding in findings if finding.rule == "cell-understood"]
    for column in columns:  # what is refused is not read as anything
        assert not any(f"column {column} holds" in words for words in understood)
    if any(finding.severity == "error" for finding in about):
        with pytest.raises(InvalidStudyError):
            read_strength(path, PEOPLE)


COACH = """Participant_ID;Session;Side;Movement;Contraction;Value;Unit;Lever_arm_m;Attempt;Date;Pain
A;before;L;hip flexion;isometric;38,5;kg;0,40;1;03.04.2026;none
A;before;R;hip flexion;isometric;42,0;kg;0,40;1;03.04.2026;no
A;before;L;Knee Extension;isometric;180,5;Nm;;1;03.04.2026;none
A;before;R;Knee Extension;isometric;205;Nm;;1;03.04.2026;none
A;before;R;Knee Extension;isometric;198,5;Nm;;2;03.04.2026;none
A;after;L;hip flexion;isometric;41,5;kg;0,40;1;15.05.2026;none
A;after;R;hip flexion;isometric;42,5;kg;40 cm;1;15.05.2026;"zieht in der Hüfte; leicht"
A;after;L;Knee Extension;isometric;196,0;Nm;;1;15.05.2026;none
A;after;R;Knee Extension;isometric;207,5;Nm;;1;15.05.2026;none
B;;R;hip flexion;isometric;36,0;kg;0,40;1;15.05.2026;none
"""
"""Ten lines as a spreadsheet saves them where the comma is the decimal sign."""


@pytest.mark.parametrize("separator", [";", "\t"])
@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig", "utf-16"])
def test_a_sheet_from_excel_is_read(separator, encoding, tmp_path):
    """Semicolons, decimal commas, Windows' ends of lines and letters; one remark a column."""
    path = tmp_path / "strength.tsv"
    text = COACH if separator == ";" else COACH.replace("Hüfte;", "Hüfte,").replace(";", "\t")
    path.write_bytes(text.replace("\n", "\r\n").encode(encoding))
    rows, findings = checked_strength(path, PEOPLE)
    assert {finding.severity for finding in findings} == {"info"}
    lines_of_encoding = [finding.where for finding in findings if finding.rule == "file-encoding"]
    assert lines_of_encoding == (["line 8"] if encoding == "cp1252" else [])
    assert [row.participant_id for row in rows] == ["A_before"] * 5 + ["A_after"] * 4 + ["B"]
    kilograms = [38.5, 42.0, 41.5, 42.5, 36.0]
    moments = [row.si[0] for row in rows if row.movement == "hip_flexion"]
    assert moments == pytest.approx([9.80665 * 0.40 * mass for mass in kilograms])
    knees = [row.si[0] for row in rows if row.movement == "knee_extension"]
    assert knees == pytest.approx([180.5, 205.0, 198.5, 196.0, 207.5])
    assert [bool(row.hurt) for row in rows] == [False] * 6 + [True] + [False] * 3
    assert {row.date for row in rows} == {"2026-04-03", "2026-05-15"}
    assert rows[6].pain.startswith("zieht in der Hüfte")


def test_no_text_is_guessed(tmp_path):
    path = tmp_path / "strength.tsv"
    path.write_bytes(COACH.encode() + b"\x81\x00")
    with refused("file-encoding", "UTF-8"):
        checked_strength(path, PEOPLE)


def test_a_sheet_with_another_ending_is_named(tmp_path):
    assert list(unread_strength(tmp_path / "strength.tsv")) == []
    (tmp_path / "strength.csv").write_text(COACH, encoding="utf-8")
    (finding,) = unread_strength(tmp_path / "strength.tsv")
    assert finding.rule == "strength-unread"
    assert "strength.tsv" in finding.fix


@settings(max_examples=200)
@given(
    movement=st.sampled_from(MOVEMENTS), value=st.floats(1e-3, 1e5),
    unit=st.sampled_from(["N m", "N", "kg", "N m/kg", "repetitions", "m", "cm"]),
    contraction=st.sampled_from(["isometric", "eccentric", "band_repetitions", "jump"]),
)  # fmt: skip
def test_accepted_strengths_are_possible(movement, value, unit, contraction):
    """No row that a person cannot have produced gets through, whatever its unit."""
    cells = {"participant_id": "A", "side": "left", "movement": movement, "value": value}
    try:
        row = Strength.model_validate(cells | {"contraction": contraction, "unit": unit})
    except ValueError:
        return
    size, si_unit = row.si
    assert {"N m": 700, "N": 10_000, "N m/kg": 8, "m": 1.3, "repetitions": 1000}[si_unit] >= size
    assert (unit == "repetitions") == (contraction == "band_repetitions")
    assert (si_unit == "m") == (contraction == "jump")


def test_an_old_sheet_is_refused_with_the_way_to_move_it(tmp_path):
    old = tmp_path / "capacities.tsv"
    old.write_text("participant_id\tmeasure\tside\tvalue\tunit\n", encoding="utf-8")
    refuse_old_sheet(tmp_path)
    old.write_text(
        "participant_id\tmeasure\tside\tvalue\tunit\nA\tjump\tpush\t41\tcm\n", encoding="utf-8"
    )
    with refused("capacities-moved", "knew no leg") as raised:
        refuse_old_sheet(tmp_path)
    assert "strength.tsv" in raised.value.fix


HIPS = {"HIPABD": "hip_abduction", "HIPEXT": "hip_extension", "HIPER": "hip_external_rotation",
        "HIPIR": "hip_internal_rotation"}  # fmt: skip
"""Columns of a public table, with R or L before them: one line a runner (Fukuchi et al. 2017,
PeerJ 5:e3298, 28 runners, isometric strength of hips by leg, and injuries)."""


def _public_layout() -> pd.DataFrame:
    """A table in that layout with numbers of our own."""
    random = np.random.default_rng(28)
    table = pd.DataFrame({"Subject": [f"{number}" for number in range(1, 29)]})
    for name, mean in zip(HIPS, (22, 30, 15, 17), strict=True):
        for side in "RL":
            table[side + name] = (mean * random.lognormal(0, 0.15, 28)).round(1)
    table["Injury"] = np.where(np.arange(28) % 4 == 0, "Yes", "No")
    table["InjuryLoc"] = np.where(table["Injury"] == "Yes", "left knee", "")
    return table


def test_a_public_table_of_hips_by_leg_becomes_a_sheet(tmp_path):
    """Reshaped in pandas from one line a runner to one line a measurement; ratios stay."""
    table = _public_layout()
    rows = table.melt(["Subject", "Injury", "InjuryLoc"], var_name="test")
    side = rows["test"].str[0].map({"R": "right", "L": "left"})
    sheet = pd.DataFrame(
        {
            "participant_id": "runner" + rows["Subject"], "side": side,
            "movement": rows["test"].str[1:].map(HIPS), "contraction": "isometric",
            "value": rows["value"], "unit": "kg",
            "pain": rows["InjuryLoc"].where(
                rows["InjuryLoc"].str.contains("left") & (side == "left")
            ),
        }
    )  # fmt: skip
    path = tmp_path / "strength.tsv"
    sheet.to_csv(path, sep="\t", index=False, na_rep="n/a")
    people = [Participant(participant_id=name) for name in sheet["participant_id"].unique()]
    strengths, findings = checked_strength(path, people)
    assert findings == []
    assert len(strengths) == 28 * 4 * 2
    assert sum(bool(row.hurt) for row in strengths) == 7 * 4
    assert {row.si[1] for row in strengths} == {"N"}
    read = pd.DataFrame(
        [(row.participant_id, row.movement, row.side, row.si[0]) for row in strengths],
        columns=["who", "movement", "side", "force"],
    ).pivot_table("force", ["who", "movement"], "side")
    for name, movement in HIPS.items():
        forces = read.xs(movement, level="movement")
        published = table.set_index("runner" + table["Subject"])
        ratio = (published[f"R{name}"] / published[f"L{name}"]).reindex(forces.index)
        assert (forces["right"] / forces["left"]).to_numpy() == pytest.approx(ratio.to_numpy())
