"""The written rules and the table of stages say the same, and are documentation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aqbio.io.study import Study, load_study, on_other_models
from aqbio.stage_table import STAGE_TABLE, STAGES
from aqbio.study.jobs import every_job, records_read, table_files
from tests.small_study import replace
from tests.workflow.conftest import ROOT, Workflow

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("workflow")]

RULES = {
    name: body
    for file in sorted((ROOT / "workflow" / "rules").glob("*.smk"))
    for name, body in re.findall(
        r"^ *rule (\w+):\n(.*?)(?=^ *rule |\Z)", file.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
}
"""Text of every written rule."""

MADE_ELSEWHERE = {"recordings"}
"""Inputs that are no record: of virtual sprinters, whose recordings a rule makes."""

BASH_ONLY = re.compile(r"\bexec\b|\bexport\b|[<>|&;]|\$\(|&&")
"""Words and signs of a shell that not every machine has."""


def test_every_stage_has_a_rule_and_the_other_way_round():
    assert RULES.keys() == {"virtual", *STAGES}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_written_out(name):
    """A sentence, a log, a benchmark, resources, a message; a command that any shell takes."""
    body = RULES[name]
    sentence = re.match(r'\s*"""([^"\n]+)"""\n', body)
    assert sentence
    assert re.fullmatch(r"[A-Z].{30,}\.", sentence[1])
    for part in ("output:", "log:", "benchmark:", "mem_mb=", "runtime=", "message:", "conda:"):
        assert part in body, part
    command = re.search(r'shell:\s+"(.*)"', body)
    assert command
    assert command[1].startswith(f"aqbio {name} ")
    assert "--log {log:q}" in command[1]
    assert not BASH_ONLY.search(command[1])


@pytest.mark.parametrize("name", STAGES)
def test_parameters_are_what_the_table_says_is_read(name):
    stage, body = STAGE_TABLE[name], RULES[name]
    sections = re.search(r"=settings\(([^)]*)\)", body)
    assert sections
    assert set(re.findall(r'"(\w+)"', sections[1])) == set(stage.settings)
    assert tuple(re.findall(r'=content\("(\w+)"\)', body)) == stage.files
    assert ("=sheet_rows" in body) == stage.reads_rows
    assert ("--cores {threads}" in body) == stage.parallel


def _study(file: Path) -> Study:
    replace(file, "files:", "other_models: {models: {other: {file: sprint, map: sprint}}}\nfiles:")
    replace(
        file.parent / "participants.tsv",
        "static_trial\nP1\tfemale\t60.5\t1.70\tstanding\nP2\tmale\tn/a\tn/a\tstanding",
        "static_trial\tperson\nP1\tfemale\t60.5\t1.70\tstanding\tA\n"
        "P2\tfemale\tn/a\tn/a\tstanding\tA",
    )
    return load_study(file)


def test_inputs_and_outputs_of_every_job_are_those_of_the_table(small: Workflow, monkeypatch):
    """Two sessions of one person, on two models."""
    monkeypatch.chdir(small.folder)
    study = _study(Path("study.yaml"))
    models = {
        study_on_model.within: study_on_model
        for study_on_model in (study, *on_other_models(study).values())
    }
    expected = {}
    for on, participant, stage in every_job(study):
        record = on.manifest(participant, stage)
        folders = [record.parent / name for name in STAGE_TABLE[stage].folders]
        tables = table_files(study, stage) if not participant else []
        expected[str(record)] = (
            stage,
            {str(path) for path in records_read(on, participant, stage, direct=True)},
            {str(path) for path in (record, *folders, *tables)},
        )
    assert len(expected) == len(models) * 5 * 2 + 2 * 2 + 4
    planned = {
        job["output"][0]: (job["rule_name"], {*job["input"]}, {*job["output"]})
        for job in small.jobs("default")
    }
    assert planned == expected


def test_list_rules_reads_as_the_pipeline(small: Workflow):
    process = small.snakemake("--list-rules")
    output = process.stdout + process.stderr
    assert process.returncode == 0, output
    for name in ("all", *STAGES):
        assert re.search(rf"^{name} \([A-Z].*\.\)$", output, re.MULTILINE), name


@pytest.mark.parametrize(
    "options",
    [
        ("--lint",),
        ("--dag",),
        ("--summary",),
        ("--forcerun", "scale", "-n"),
        ("--until", "scale", "-n"),
    ],
    ids=" ".join,
)
def test_what_snakemake_can_do_with_it(finished: Workflow, options):
    process = finished.snakemake(*options)
    assert process.returncode == 0, process.stdout + process.stderr
    assert "Traceback" not in process.stdout + process.stderr
