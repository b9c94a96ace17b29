"""House rules: statements of one file about another are true, and no machine is named."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml

import aqbio
from aqbio.cli import app
from aqbio.config import MappedMarker, Participant, StudySettings, Trial
from aqbio.stage_table import PARTICIPANT_STAGES, STAGES

ROOT = Path(aqbio.__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
CONTRACTS = {
    contract["name"]: contract for contract in PYPROJECT["tool"]["importlinter"]["contracts"]
}
SOURCES = sorted((ROOT / "aqbio").rglob("*.py"))


def test_workers_keep_the_tests_of_a_file_together(request):
    """Shared results are made once. With pytest 9.2, pytest-xdist 3.8 spreads them silently."""
    config = request.config
    if hasattr(config, "workerinput") and config.getvalue("loadgroup"):
        assert request.node.nodeid.endswith("@test_housetests")


BANNED = {
    "told", "seen", "held", "known", "believed", "carried", "beside", "again", "alone", "together",
    "lasting", "found", "nobody", "says", "said", "asked",
}  # fmt: skip
"""Words that name nothing: no function, argument or field is called so (style of the project)."""

WORDS_OF_FILES = {
    "config/model_map.py": {"beside", "held"},  # keys of a map
    "intake/rows.py": {"found"},  # column of found.txt
    "stats/verdict.py": {"found"},  # column of verdicts.tsv
}


def _text(name: str | Path) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def _nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(_text(path))))


@cache
def _tracked() -> list[Path]:
    """Files under version control."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is no git checkout")
    paths = [ROOT / name for name in listed.split("\0") if name]
    return [path for path in paths if path.is_file()]


def _pages() -> list[Path]:
    return [path for path in _tracked() if path.suffix == ".md"]


def test_conda_users_get_what_pip_users_get():
    """environment.yml lists the dependencies of pyproject.toml, in the same words."""
    *by_conda, by_pip = yaml.safe_load(_text("environment.yml"))["dependencies"]
    expected = ["--constraint constraints.txt", *PROJECT["dependencies"], "--editable ."]
    assert by_pip["pip"] == expected
    assert f"python{PROJECT['requires-python']}" in by_conda


def test_the_conda_recipe_says_what_the_project_says():
    """Version, Python, dependencies, licence and command are those of pyproject.toml."""
    recipe = yaml.safe_load(_text("conda/recipe.yaml"))
    run = recipe["requirements"]["run"]
    conda_names = {"matplotlib": "matplotlib-base", "netCDF4": "netcdf4"}
    expected = [f"python {PROJECT['requires-python']}"]
    for requirement in PROJECT["dependencies"]:
        name, limits = re.fullmatch(r"([\w-]+)(.*)", requirement).groups()
        expected.append(f"{conda_names.get(name, name)} {limits}")
    assert run == expected
    assert recipe["context"]["version"] == PROJECT["version"]
    assert recipe["about"]["license"] == PROJECT["license"]
    assert recipe["about"]["summary"] == PROJECT["description"]
    commands = [f"{name} = {target}" for name, target in PROJECT["scripts"].items()]
    assert recipe["build"]["python"]["entry_points"] == commands


def test_the_container_is_made_of_files_that_are_there():
    """Every file that Containerfile names is tracked, and it runs as a user without rights."""
    lines = _text("Containerfile").splitlines()
    copied = [name for line in lines if line.startswith("COPY") for name in line.split()[1:-1]]
    assert copied == ["requirements.lock", "."]
    assert ROOT / "requirements.lock" in _tracked()
    assert lines.index("USER runner") < lines.index('ENTRYPOINT ["aqbio"]')


def test_every_dependency_is_pinned_for_the_tests():
    lines = [line for line in _text("constraints.txt").splitlines() if line and line[0] != "#"]
    assert all("==" in line for line in lines)
    extras = PROJECT["optional-dependencies"].values()
    required = [
        *PROJECT["dependencies"],
        *(requirement for extra in extras for requirement in extra),
    ]
    names, pinned = (
        {
            re.split(r"[\[<>=!~ ;]", requirement)[0].lower().replace("_", "-")
            for requirement in requirements
        }
        for requirements in (required, lines)
    )
    assert not names - pinned


def test_versions_and_the_licence_are_the_same_everywhere():
    citation, codemeta = (yaml.safe_load(_text(x)) for x in ("CITATION.cff", "codemeta.json"))
    versions = {PROJECT["version"], citation["version"], codemeta["version"]}
    assert versions == {aqbio.__version__}
    assert f"aqbio-{aqbio.__version__}-py3" in _text("README.md")
    assert re.search(r"^## (\S+)", _text("CHANGELOG.md"), re.M)[1] in ("Unreleased", *versions)
    assert PROJECT["license"] == citation["license"] == codemeta["license"].split("/")[-1]
    assert "Apache License" in _text("LICENSE")
    lowest, end = map(int, re.findall(r"3\.(\d+)", PROJECT["requires-python"]))
    assert f"Python 3.{lowest} to 3.{end - 1}" in _text("Makefile")
    classifiers = {f"Programming Language :: Python :: 3.{minor}" for minor in range(lowest, end)}
    assert classifiers <= set(PROJECT["classifiers"])


def test_names_say_what_they_hold():
    """Of functions, classes, arguments and fields."""
    wrong = []
    for path in SOURCES:
        allowed = WORDS_OF_FILES.get(path.relative_to(ROOT / "aqbio").as_posix(), set())
        for node in _nodes(path):
            names = [getattr(node, "name", ""), getattr(node, "arg", "")]
            if isinstance(node, ast.ClassDef):
                fields = (field.target for field in node.body if isinstance(field, ast.AnnAssign))
                names += [getattr(field, "id", "") for field in fields]
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.arg):
                bare_names = (name.strip("_").lower() for name in names)
                wrong += [f"{path}: {name}" for name in bare_names if name in BANNED - allowed]
    assert wrong == []


def test_the_repository_has_one_address():
    """A publisher can replace OWNER everywhere at once."""
    citation, codemeta = (yaml.safe_load(_text(x)) for x in ("CITATION.cff", "codemeta.json"))
    urls = PROJECT["urls"]
    assert urls["Repository"] == citation["repository-code"] == codemeta["codeRepository"]
    assert urls["Documentation"] == citation["url"] == codemeta["url"]
    assert urls["Issues"] == codemeta["issueTracker"] == f"{urls['Repository']}/issues"


def test_the_import_contracts_name_every_room():
    packages = {path.parent.name for path in (ROOT / "aqbio").glob("*/__init__.py")}
    modules = {path.stem for path in (ROOT / "aqbio").glob("*.py")} - {"__init__"}
    rooms = {f"aqbio.{name}" for name in packages | modules}
    layers = CONTRACTS["Rooms import one way"]["layers"]
    assert not any(":" in layer for layer in layers), "two rooms may import each other"
    assert not any("ignore_imports" in contract for contract in CONTRACTS.values())
    assert sorted(re.findall(r"[\w.]+", " ".join(layers))) == sorted(rooms)
    kept_from = CONTRACTS["Only the opensim room imports OpenSim"]["source_modules"]
    assert set(kept_from) == rooms - {"aqbio.opensim"}
    assert not {f"aqbio.{name}" for name in aqbio.__all__} & rooms  # a room would hide the function


def test_a_stage_is_in_the_room_of_its_name():
    """``aqbio/<stage>/stage.py`` has the stage's function, and no other room has a ``stage.py``."""
    homes = {path.parent.name: path for path in (ROOT / "aqbio").glob("*/stage.py")}
    assert homes.keys() == set(STAGES)
    for stage, path in homes.items():
        defined = {node.name for node in _nodes(path) if isinstance(node, ast.FunctionDef)}
        grain = "participant" if stage in PARTICIPANT_STAGES else "study"
        assert f"{stage}_{grain}" in defined


def test_opensim_is_imported_in_one_module_only():
    """This module moves OpenSim's log and silences its warnings before any other import."""
    imported = re.compile(r"^\s*(import|from) opensim\b", re.MULTILINE)
    everywhere = [*SOURCES, *(ROOT / "tests").rglob("*.py")]
    importers = [path for path in everywhere if imported.search(_text(path))]
    assert importers == [ROOT / "aqbio" / "opensim" / "session.py"]


@pytest.mark.parametrize("folder", ["aqbio", "validation"])
def test_files_and_functions_stay_readable(folder):
    """A file is a subject of at most 600 lines; a function that needs more than 60 is two."""
    long = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        long += [path] * (_text(path).count("\n") > 600)
        for node in _nodes(path):
            if isinstance(node, ast.FunctionDef):
                documented = ast.get_docstring(node) is not None and len(node.body) > 1
                lines = node.end_lineno - node.body[documented].lineno
                arguments = len(node.args.args) + len(node.args.kwonlyargs)
                long += [(path, node.name)] * (lines >= 60 or arguments > 10)
    assert long == []


MACHINE = re.compile(
    r"(?<![\w.])/(?:work|tmp|root|home/\w+|Users/\w+|mnt|var/folders)/\w|[A-Z]:\\\\?Users"
    r"|https?://[\w.-]*(?:pypi|pythonhosted|anaconda|conda-forge|npmjs|registry|artifactory|nexus)"
    r"|--(?:extra-)?index-url"
)


def test_no_machine_and_no_registry_is_named():
    """The project runs from any clone, and says nothing about where it was written."""
    examples = (
        "open('/wo" + "rk/x')",
        "see /tm" + "p/y",
        "C:\\Us" + "ers\\x",
        "https://py" + "pi.org",
    )
    assert all(map(MACHINE.search, examples))
    assert not any(
        map(MACHINE.search, ("../shared/tmp/y", "workflow/rules", "np.tmp/x", "a/home/x"))
    )
    hits = []
    for path in _tracked():
        if b"\0" not in (content := path.read_bytes()):
            lines = enumerate(content.decode().splitlines(), 1)
            hits += [(path.name, number, line) for number, line in lines if MACHINE.search(line)]
    assert not hits


def test_nothing_large_and_no_results_are_tracked():
    """Recordings are never copied into the project."""
    assert not [
        path
        for path in _tracked()
        if path.stat().st_size >= 2_000_000
        or path.suffix == ".c3d"
        or path.relative_to(ROOT).parts[0] in ("results", ".snakemake", ".venv")
    ]


def test_commands_in_the_pages_exist():
    commands = {c.name or c.callback.__name__ for c in app.registered_commands}
    targets = set(re.findall(r"^([a-z-]+):", _text("Makefile"), flags=re.MULTILINE))
    wrong = []
    for page in _pages():
        code = re.findall(r"`(aqbio [a-z][^\s`]*|make \S+(?=`))", _text(page))
        for tool, name in map(str.split, code):
            missing = {*name.split("|")} - (commands if tool == "aqbio" else targets)
            wrong += [(page.name, tool, command) for command in missing]
    assert wrong == []


def test_examples_in_the_tutorial_are_valid():
    """Examples that a reader copies are accepted."""
    text = _text("docs/tutorial.md")
    examples = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.S)]
    [markers] = [example["markers"] for example in examples if "markers" in example]
    for example in [example for example in examples if "markers" not in example]:
        StudySettings.model_validate({"name": "example", **example})
    for marker in markers.values():
        MappedMarker.model_validate(marker)
    for sheet, row in (("participants", Participant), ("trials", Trial)):
        table = text[text.index(f"\n{sheet}.tsv:\n") :].splitlines()[3:8]
        header, _, *rows = (line.strip("| ").split(" | ") for line in table if "|" in line)
        rows = [cells for cells in rows if len(cells) == len(header)]
        assert rows
        for cells in rows:
            filled = {k: v for k, v in zip(header, cells, strict=True) if v != "n/a"}
            assert set(filled) <= set(row.model_fields)
            row.model_validate(filled)
