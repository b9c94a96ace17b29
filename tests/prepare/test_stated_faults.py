"""Column fix of the sheet of trials: what it states of the forces is undone, and said."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations_with_replacement

import numpy as np
import pytest

from aqbio.config import Trial
from aqbio.errors import AqbioError
from aqbio.prepare.explanations import Suspect, people_scales
from aqbio.prepare.force_faults import FORCE_FAULTS, ROWS
from aqbio.prepare.force_search import explained_forces
from aqbio.prepare.notes import Notes
from aqbio.prepare.stated_faults import stated_faults, statement
from tests import made_run
from tests.io.made_c3d import write_c3d
from tests.planted_forces import planted
from tests.prepare.test_explanations import SPEED, STEPS, candidates_by, recorded_run


def of_cell(cell: str, laboratory: str = ""):
    """What a cell of column fix states, and laboratory.fix."""
    row = Trial(participant_id="P1", trial_id="fast", task="run", file="run.c3d", fix=cell or None)
    return stated_faults(row, "trials.tsv", laboratory)


def used_forces(cell: str, recorded, evidence, laboratory: str = ""):
    """Forces that are used with a cell of column fix, and the findings."""
    notes = Notes("run", "P1", "run.trc", "run.mot")
    explained = explained_forces(recorded, evidence, SPEED, notes, of_cell(cell, laboratory))
    return explained, notes.findings


def run_with(*faults: tuple[str, tuple[int, ...], float], moments: bool = True):
    """Sound forces, those with faults (row, numbers of plates, size), and the evidence."""
    sound, evidence = recorded_run(3, moments=moments)
    recorded = sound
    for name, numbers, size in faults:
        plates = np.isin(np.arange(1, STEPS + 1), numbers or range(1, STEPS + 1))
        recorded = planted(ROWS[name], recorded, plates, size)
    return sound, recorded, evidence


def assert_same(first, second, atol=1e-8):
    for part in ("force", "moment", "point"):
        given = getattr(first.wrench, part)
        np.testing.assert_allclose(given, getattr(second.wrench, part), atol=atol)
    assert first.start == pytest.approx(second.start)
    assert first.rate == pytest.approx(second.rate)


@pytest.mark.parametrize("moments", [False, True])
def test_what_is_written_is_read_as_it_was_meant(moments):
    """Every row on every scope of a recording, of its largest and a small size."""
    forces, evidence = recorded_run(3, moments=moments)
    rows = set()
    fixable = [row for row in FORCE_FAULTS if row.is_fixable]
    for candidate in (x for x in candidates_by(evidence)(forces) if ROWS[x.fault] in fixable):
        rows.add(candidate.fault)
        for size in (0.0101, candidate.sizes.grid[0]) if candidate.sizes else (np.nan,):
            cell = statement(Suspect(candidate, size, 0.003))
            [suspect] = of_cell(cell).suspects(
                forces, evidence.disagreements, people_scales(SPEED), candidates_by(evidence)
            )
            assert (suspect.candidate.fault, suspect.candidate.scope) == (
                candidate.fault, candidate.scope
            )  # fmt: skip
            assert suspect.size == pytest.approx(size, rel=6e-3, abs=1e-3, nan_ok=True)
            assert np.isnan(suspect.sd)
    other = "centres of pressure" if moments else "moments"
    impossible = {
        row.name
        for row in fixable
        if np.isfinite(row.per_weight) or not row.undo.applies_to(forces).any()
    }
    assert rows == {row.name for row in fixable if row.recorded != other} - impossible


@pytest.mark.parametrize(
    ("cell", "fault", "where"),
    [
        ("force-x-sign", ("force-x-sign", (), np.nan), "all plates"),
        ("Force-x-sign  Plate 3", ("force-x-sign", (3,), np.nan), "plate 3"),
        ("plates-exchanged plates 4 and 2", ("plates-exchanged", (2, 4), np.nan), "plates 2 and 4"),
        ("force-clock 0.012", ("force-clock", (), 0.012), "all plates"),
        ("force-clock −0,012 s", ("force-clock", (), -0.012), "all plates"),
        ("force-gain plate 2 1.5", ("force-gain", (2,), np.log(1.5)), "plate 2"),
        ("force-rate 0.08", ("force-rate", (), 0.08), "all plates"),
        ("plate-along plate 3 0.02", ("plate-along", (3,), 0.02), "plate 3"),
        ("plate-turned plate 3 -5 degrees", ("plate-turned", (3,), np.radians(-5.0)), "plate 3"),
    ],
)
def test_what_the_sheet_states_is_undone_whatever_would_follow(cell, fault, where):
    """Parameters that are left to the fit, left out or refused without the sheet too."""
    sound, recorded, evidence = run_with(fault)
    explained, [finding] = used_forces(cell, recorded, evidence)
    assert_same(explained.forces, sound)
    assert (finding.severity, finding.where, finding.file) == ("info", where, "run.mot")
    assert finding.what.endswith(". It is undone, as the sheet says.")
    assert finding.number == pytest.approx(fault[2], nan_ok=True) or np.isnan(fault[2])
    assert explained.lag == pytest.approx(fault[2] if fault[0] == "force-clock" else 0.0)


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        ("force-clock", ("force-clock", (), 0.015)),
        ("plate-turned", ("plate-turned", (), 0.35)),
        ("plate-along plate 3", ("plate-along", (3,), -0.25)),
    ],
)
def test_a_size_that_is_not_written_is_what_the_recording_shows(cell, fault):
    _, recorded, evidence = run_with(fault)
    _, [finding] = used_forces(cell, recorded, evidence)
    assert finding.number == pytest.approx(fault[2], rel=0.1)


def test_a_size_that_neither_sheet_nor_recording_states_is_asked_for():
    sound, evidence = recorded_run(3, moments=True)
    feet_alone = replace(evidence, body=None, contacts=())
    with pytest.raises(AqbioError, match="without a size, and the recording does not") as refused:
        used_forces("force-clock", sound, feet_alone)
    assert refused.value.fix == "write it behind, in s, from -5 to 5."


def test_the_search_goes_on_with_what_is_left():
    faults = ("force-z-sign", (), np.nan), ("force-clock", (), 0.1)
    sound, recorded, evidence = run_with(*faults)
    explained, [stated, found] = used_forces("force-clock 0.1", recorded, evidence)
    assert explained.forces is None
    assert stated.what.endswith("as the sheet says.")
    assert (found.rule, found.proposal) == ("force-z-sign", "force-z-sign")
    cell = f"force-clock 0.1; {found.proposal}"
    assert f"“{cell}”" in found.fix
    assert_same(used_forces(cell, recorded, evidence)[0].forces, sound)


def test_as_recorded_undoes_nothing_and_looks_for_nothing():
    _, recorded, evidence = run_with(("force-x-sign", (3,), np.nan))
    explained, [finding] = used_forces("as recorded", recorded, evidence)
    assert explained.forces is recorded
    assert explained.left_out == ()
    assert (finding.rule, finding.severity) == ("forces-as-recorded", "info")


def test_as_recorded_beside_a_fault_undoes_that_one_alone():
    faults = ("force-z-sign", (), np.nan), ("force-clock", (), 0.1)
    _, recorded, evidence = run_with(*faults)
    explained, [stated, rest] = used_forces("force-clock 0.1, as recorded", recorded, evidence)
    assert_same(explained.forces, run_with(faults[0])[1])
    assert stated.rule == "force-clock"
    assert "nothing else is wrong" in rest.what


def test_a_statement_that_the_recording_contradicts_is_a_warning():
    sound, evidence = recorded_run(3, moments=True)
    _, findings = used_forces("force-x-sign; as recorded", sound, evidence)
    assert findings[0].severity == "warning"
    assert "the recording contradicts it: as recorded, " in findings[0].what
    assert (
        findings[0].fix
        == "take force-x-sign out of column fix of this trial in trials.tsv if it is not so."
    )


def test_every_cell_that_an_undecided_search_offers_is_read_and_settles_it():
    """The feet alone do not distinguish a flipped force from flipped moments."""
    _, recorded, evidence = run_with(("force-x-sign", (), np.nan))
    evidence = replace(evidence, body=None)
    explained, [finding] = used_forces("", recorded, evidence)
    assert explained.forces is recorded
    assert finding.rule == "forces-undecided"
    cells = re.findall("“([^”]+)”", finding.fix)
    assert cells[-1] == "as recorded"
    assert "force-x-sign" in cells
    assert len({*cells}) == len(cells) > 1
    for cell in cells:
        used, findings = used_forces(cell, recorded, evidence)
        assert used.forces is not None
        assert "forces-undecided" not in {x.rule for x in findings}


@pytest.mark.parametrize(
    ("cell", "what", "fix"),
    [
        ("swpa", "“swpa”, which is not known", "did you mean “swap”? All words: swap, mirror, "),
        ("as recoded", "which is not known", "did you mean “as recorded” or"),
        ("force-x-sgn plate 3", "which is not known", "“force-x-sign” or “force-xz-sign” or “"),
        ("rates 1.25", "which is not known", "All words"),
        ("nonsense", "which is not known", "force-x-sign, force-z-sign"),
        ("force-x-sign 3", "force-x-sign has no size", "write “force-x-sign”."),
        ("force-x-sign of plate 3", "end is not understood", "(“plate 3”, “plates 2 and 4”)."),
        ("force-clock 12 ms", "end is not understood", "its size, in s, from -5 to 5."),
        ("force-clock 12", "a size that force-clock does not", "in s, from -5 to 5."),
        ("force-gain plate 2 -1.5", "a size that force-gain", "in times, from 0.0907 to 36.6."),
        ("force-x-sign plate 9", "this recording cannot have", "write “force-x-sign” or “force-x"),
        ("plate-inverted", "this recording cannot have", "“plate-inverted plate 1” or “plate-inv"),
        ("pressure-x-sign", "this recording cannot have", "files without centres of pressure"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(cell, what, fix):
    sound, evidence = recorded_run(3, moments=True)
    with pytest.raises(AqbioError) as refused:
        used_forces(cell, sound, evidence)
    error = refused.value
    assert (error.rule, error.file, error.where) == ("fix-unknown", "trials.tsv", "column fix")
    assert what in error.what
    assert fix in error.fix


@pytest.mark.parametrize(
    "cell",
    [
        "force-x-sign; force-x-sign",
        "force-x-sign; force-x-sign plate 3",
        "force-x-sign plate 3; plates-action; force-xz-sign plate 3",
        "force-clock 0.02; force-clock 0.01",
        "plate-along 0.02; plate-along plate 1 0.03",
        "force-kilonewtons; force-millinewtons plate 2",
        "force-weights; all-kilonewtons",
        "forces-mirrored; forces-mirrored-along",
        "corners-next; corners-previous plate 2",
        "plates-exchanged plates 1 and 2; plates-exchanged plates 2 and 1",
    ],
)
def test_statements_that_repeat_or_exclude_each_other_are_a_mistake(cell):
    """In a cell, in the line of the laboratory, and between both."""
    first, last = cell.split("; ")[0], cell.split("; ")[-1]
    for of_trial, of_all in [(cell, ""), ("", cell), (last, first)]:
        with pytest.raises(AqbioError) as refused:
            of_cell(of_trial, of_all)
        error = refused.value
        assert (error.rule, error.fix) == ("fix-contradictory", "keep one of them.")
        assert first in error.what
        assert last in error.what
        assert error.where == ("column fix" if of_trial else "laboratory.fix")


@pytest.mark.parametrize(
    "cell",
    [
        "force-x-sign plate 1; force-x-sign plate 2",
        "force-x-sign; force-z-sign; moment-y-sign; plates-action",
        "force-kilonewtons; moment-metres; force-gain plate 1 1.2; force-gain plate 2 0.9",
        "force-clock 0.02; force-rate 0.01; as recorded; as recorded",
        "mirror; labels as recorded; forces-mirrored",
    ],
)
def test_statements_of_different_things_stand_together(cell):
    assert len(of_cell(cell).kept) == len(cell.replace("; as recorded", "").split("; "))


@pytest.mark.parametrize("moments", [False, True])
def test_no_accepted_pair_of_statements_undoes_nothing(moments):
    """Of all pairs of rows without a size: what the second one leaves as recorded is refused."""
    forces, _ = recorded_run(3, moments=moments)
    plates = np.ones(len(forces.numbers), np.bool_)
    recorded = ("", "moments" if moments else "centres of pressure")
    names = [
        row.name
        for row in FORCE_FAULTS
        if row.sizes is None and row.recorded in recorded and row.name != "plates-exchanged"
    ]
    refused = 0
    for pair in combinations_with_replacement(names, 2):
        left = forces
        for name in pair:
            left = ROWS[name].undo(left, plates, np.nan)
        if all(
            np.allclose(getattr(left.wrench, part), getattr(forces.wrench, part), rtol=1e-3)
            for part in ("force", "moment", "point")
        ):
            refused += 1
            with pytest.raises(AqbioError, match="both state"):
                pytest.fail(f"{of_cell('; '.join(pair))}")
    assert refused >= 8


def test_the_laboratory_states_what_all_trials_have_that_can():
    """A cell adds to it; as recorded keeps it from the trial; what cannot be is not applied."""
    faults = ("force-z-sign", (), np.nan), ("force-clock", (), 0.1)
    sound, recorded, evidence = run_with(*faults)
    both = "force-z-sign", "force-clock 0.1"
    for cell, laboratory in (("; ".join(both), ""), both, both[::-1], ("", "; ".join(both))):
        explained, findings = used_forces(cell, recorded, evidence, laboratory)
        assert_same(explained.forces, sound)
        assert {x.rule for x in findings} == {"force-z-sign", "force-clock"}
    kept, _ = used_forces("as recorded", recorded, evidence, "force-z-sign; force-clock 0.1")
    assert_same(kept.forces, recorded)
    unchanged, findings = used_forces("", sound, evidence, "pressure-x-sign; force-x-sign plate 9")
    assert_same(unchanged.forces, sound)
    assert findings == []
    assert of_cell("", "force-x-sign").faults == ()  # a trial without forces is no mistake


def write_run(data, plates, name="run"):
    points = 1e3 * made_run.markers() @ made_run.GROUND_TO_VICON.T
    write_c3d(data / f"{name}.c3d", list(made_run.LABELS), points, plates=tuple(plates))


def test_column_fix_in_a_study(prepared_study):
    """A plate with a gain of 1.5, as the search takes it and as the sheet states it."""
    data, plates = prepared_study.data, made_run.plates()
    write_run(data, plates, "sound")
    plates[1].channels *= 1.5
    write_run(data, plates)
    made_run.write_trc_run(data, "bare")
    made_run.write_static(data / "static.c3d")
    cells = {
        "sound": "n/a", "stated": "force-gain plate 2 1.5", "kept": "as recorded",
        "wrong": "forcegain plate 2 1.5", "both": "labels as recorded, force-gain plate 2 1.5",
    }  # fmt: skip
    prepared = prepared_study(
        [
            "standing\tstatic\tstatic.c3d\tn/a\tn/a",
            *(f"{name}\trun\t{'sound' if name == 'sound' else 'run'}.c3d\tn/a\tn/a\t{cell}"
              for name, cell in cells.items()),
            "bare\trun\tbare.trc\tn/a\tn/a\tforce-x-sign",
        ]
    )  # fmt: skip
    loads = {name: prepared.trial(name)["foot_force"].values for name in ("sound", "stated")}
    np.testing.assert_allclose(loads["stated"], loads["sound"], atol=1e-6)
    assert np.nanmax(np.abs(prepared.trial("kept")["foot_force"].values - loads["sound"])) > 500.0
    findings = {
        name: {finding["rule"]: finding for finding in prepared.entry(name)["findings"]}
        for name in (*cells, "bare")
    }
    assert findings["stated"]["force-gain"]["severity"] == "info"
    assert "too large (plate 2)" in findings["stated"]["force-gain"]["what"]
    assert findings["kept"]["forces-as-recorded"]["severity"] == "info"
    assert "force-gain" in findings["both"]
    assert prepared.entry("wrong")["status"] == "failed"
    assert "did you mean “force-gain” or “" in findings["wrong"]["fix-unknown"]["fix"]
    assert findings["wrong"]["fix-unknown"]["file"] == "trials.tsv"
    assert "the trial has no forces" in findings["bare"]["fix-unknown"]["what"]


def test_a_word_that_is_not_known_is_refused_with_all_that_are():
    with pytest.raises(AqbioError) as refused:
        of_cell("nonsense")
    words = refused.value.fix.partition("All words: ")[2].partition(";")[0].split(", ")
    names = [row.name for row in FORCE_FAULTS if row.is_fixable]
    assert words == ["swap", "mirror", "labels as recorded", "swap A and B", "as recorded", *names]
