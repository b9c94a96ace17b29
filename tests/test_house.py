"""The house: what one file says about another is true, and nothing of this machine is inside."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

import aqbio
from aqbio.config import MappedMarker, Participant, StudySettings, Trial
from aqbio.stage_table import STAGE_TABLE

ROOT = Path(aqbio.__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SOURCES = sorted((ROOT / "aqbio").rglob("*.py"))
VALIDATION = sorted((ROOT / "validation").rglob("*.py"))
RULES = sorted((ROOT / "workflow" / "rules").glob("*.smk"))


def test_workers_keep_the_tests_of_a_file_together(request):
    """What they share is made once. With pytest 9.2, pytest-xdist 3.8 spreads them silently."""
    config = request.config
    if hasattr(config, "workerinput") and config.getvalue("loadgroup"):
        assert request.node.nodeid.endswith("@test_housetests")


MATHEMATICS_OF_STAGES = 61

LINES = {
    "aqbio": 2257, "body": 5632, "config": 1743, "consistency": 4201, "contributions": 2989,
    "figures": 3341, "force_plates": 739, "gait": 1713, "hypotheses": 1344, "intake": 3180,
    "intervals": 1084, "inverse_kinematics": 2463, "io": 4196, "labels": 1476, "multibody": 1873,
    "multiverse": 1280, "observed": 827, "opensim": 1083, "pages": 3858, "recordings": 4824,
    "stats": 3184, "steps": 1866, "study": 1325, "virtual": 1490,
}  # fmt: skip
"""Most lines of every room, and of the modules beside them: lower a number after a cut. Raising one
needs a decision record that says what the lines buy."""


def _yaml(name):
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def _tracked() -> list[Path]:
    """Files under version control; without git, as in a source archive, all that look like it."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is no git checkout")
    paths = [ROOT / name for name in listed.split("\0") if name]
    return [path for path in paths if path.is_file()]


# installation -----------------------------------------------------------------------------------


def test_conda_users_get_what_pip_users_get():
    """environment.yml lists the dependencies of pyproject.toml, in the same words."""
    environment = _yaml("environment.yml")["dependencies"]
    [by_pip] = [entry["pip"] for entry in environment if isinstance(entry, dict)]
    first, *listed, last = by_pip
    assert (first, last) == ("--constraint constraints.txt", "--editable .")
    assert listed == PYPROJECT["project"]["dependencies"]
    [python] = [entry for entry in environment if str(entry).startswith("python")]
    assert python == f"python{PYPROJECT['project']['requires-python']}"


def _project(requirement: str) -> str:
    return re.split(r"[\[<>=!~ ;]", requirement)[0].lower().replace("_", "-")


def test_every_dependency_is_pinned_for_the_tests():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {_project(line): line for line in lines if line and not line.startswith("#")}
    assert all("==" in line for line in pinned.values())
    wanted = list(PYPROJECT["project"]["dependencies"])
    for extra in PYPROJECT["project"]["optional-dependencies"].values():
        wanted += extra
    assert not {_project(requirement) for requirement in wanted} - set(pinned)


def test_version_is_the_same_everywhere():
    assert PYPROJECT["project"]["version"] == aqbio.__version__
    assert _yaml("CITATION.cff")["version"] == aqbio.__version__
    assert _yaml("codemeta.json")["version"] == aqbio.__version__
    assert f"aqbio-{aqbio.__version__}-py3" in (ROOT / "README.md").read_text(encoding="utf-8")
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## (\S+)", changes, flags=re.MULTILINE)
    assert versions[0] in ("Unreleased", aqbio.__version__)


def test_licence_is_the_same_everywhere():
    assert PYPROJECT["project"]["license"] == _yaml("CITATION.cff")["license"] == "Apache-2.0"
    assert _yaml("codemeta.json")["license"].endswith("/Apache-2.0")
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_python_versions_are_the_same_everywhere():
    lowest, end = re.findall(r"3\.(\d+)", PYPROJECT["project"]["requires-python"])
    span = f"Python 3.{lowest} to 3.{int(end) - 1}"
    assert span in (ROOT / "Makefile").read_text(encoding="utf-8")
    classifiers = PYPROJECT["project"]["classifiers"]
    for minor in range(int(lowest), int(end)):
        assert f"Programming Language :: Python :: 3.{minor}" in classifiers


def _room(path: Path) -> str:
    parts = path.relative_to(ROOT / "aqbio").parts
    return parts[0] if len(parts) > 1 else "aqbio"


def test_rooms_only_become_smaller():
    found: dict[str, int] = {}
    for path in SOURCES:
        room = _room(path)
        found[room] = found.get(room, 0) + path.read_text(encoding="utf-8").count("\n")
    assert {room for room, count in found.items() if count > LINES.get(room, 0)} == set()


# rooms ------------------------------------------------------------------------------------------


def _contracts() -> dict[str, dict]:
    return {c["name"]: c for c in PYPROJECT["tool"]["importlinter"]["contracts"]}


def _rooms() -> set[str]:
    """Packages and modules directly in aqbio."""
    packages = {path.parent.name for path in (ROOT / "aqbio").glob("*/__init__.py")}
    modules = {path.stem for path in (ROOT / "aqbio").glob("*.py")} - {"__init__"}
    return {f"aqbio.{name}" for name in packages | modules}


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


def test_names_say_what_they_hold():
    wrong = []
    for path in SOURCES:
        allowed = WORDS_OF_FILES.get(path.relative_to(ROOT / "aqbio").as_posix(), set())
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                names = [node.name]
            elif isinstance(node, ast.arg):
                names = [node.arg]
            if isinstance(node, ast.ClassDef):
                fields = (one.target for one in node.body if isinstance(one, ast.AnnAssign))
                names += [one.id for one in fields if isinstance(one, ast.Name)]
            wrong += [f"{path}: {x}" for x in names if x.strip("_").lower() in BANNED - allowed]
    assert wrong == []


VAGUE_LOCALS = {
    "body": 49, "consistency": 52, "contributions": 25, "figures": 31, "hypotheses": 31,
    "intake": 47, "intervals": 11, "labels": 30, "multiverse": 16, "pages": 49, "recordings": 8,
    "stats": 66, "study": 1,
}  # fmt: skip
"""Local variables of each room that a banned word, or `kept`, names: lower a number after a change.
Rooms that are not listed have none."""


def test_local_variables_say_what_they_hold():
    count: dict[str, int] = {}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                names = {
                    one.id.strip("_")
                    for one in ast.walk(node)
                    if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
                }
                room = _room(path)
                count[room] = count.get(room, 0) + len(names & (BANNED | {"kept"}))
    assert {name for name, number in count.items() if number > VAGUE_LOCALS.get(name, 0)} == set()


def test_the_import_contract_names_every_room():
    layers = _contracts()["Rooms import one way"]["layers"]
    named = [room.strip() for layer in layers for room in re.split(r"[|:]", layer)]
    assert sorted(named) == sorted(_rooms())


def test_every_room_but_one_is_kept_from_opensim():
    contract = _contracts()["Only the opensim room imports OpenSim"]
    assert set(contract["source_modules"]) == _rooms() - {"aqbio.opensim"}


def _imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def _modules() -> dict[str, Path]:
    """Modules of the package by name, `__init__` files by that of their folder."""
    names = (".".join(path.relative_to(ROOT).with_suffix("").parts) for path in SOURCES)
    found = dict(zip((name.removesuffix(".__init__") for name in names), SOURCES, strict=True))
    return {name: path for name, path in found.items() if name != "aqbio"}


def _module_imports() -> dict[str, set[str]]:
    """Modules that each module imports, inside functions and for types too, from the source."""
    known, graph = _modules(), {}
    for name, path in known.items():
        graph[name] = {
            full if (full := f"{node.module}.{one.name}") in known else node.module
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom) and node.module in {*known, "aqbio"}
            for one in node.names
        } & set(known) - {name}
    return graph


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Modules that lead back to themselves: what is left when all that lead nowhere are gone."""
    left = dict(graph)
    while True:
        ends = {name for name, seen in left.items() if not seen & set(left)}
        starts = set(left) - {one for seen in left.values() for one in seen}
        if not ends | starts:
            return [sorted(left)] if left else []
        left = {name: seen for name, seen in left.items() if name not in ends | starts}


def test_circles_are_seen():
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}
    assert circles(graph) == [["b", "c"]]
    assert circles({"a": {"b"}, "b": set()}) == []


def test_no_module_leads_back_to_itself():
    assert circles(_module_imports()) == []


def _is_path(node: ast.BinOp) -> bool:
    """Whether a quotient puts a name behind a folder: a text, or a constant in capitals."""
    last = node.right
    named = isinstance(last, ast.Name) and last.id.isupper()
    return isinstance(node.op, ast.Div) and (named or _is_text(last))


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def mathematics(text: str) -> int:
    """Products, quotients, differences and powers, and calls of NumPy that compute; no paths."""
    count = 0
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.BinOp) and not _is_path(node):
            count += isinstance(node.op, ast.Mult | ast.Div | ast.Pow | ast.MatMult | ast.Sub)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner, name = ast.unparse(node.func.value), node.func.attr
            numpy = owner.split(".")[0] == "np" and name not in ("array", "zeros", "full")
            count += numpy or name in ("mean", "sum", "std", "max", "min")
    return count


def test_mathematics_is_seen():
    assert mathematics("x = np.sqrt(a * b) - c.mean()") == 4
    assert mathematics('x = "a" + b; y = np.zeros(3); z = study.root / STAGE / f"{name}.nc"') == 0


def test_mathematics_of_the_stages_only_becomes_less():
    """A stage reads, computes by what others hold, and writes: lower the number, never raise it."""
    paths = {_modules()[f"aqbio.{stage.module}"] for stage in STAGE_TABLE.values()}
    count = sum(mathematics(path.read_text(encoding="utf-8")) for path in paths)
    assert count <= MATHEMATICS_OF_STAGES


def test_opensim_is_imported_in_one_module_only():
    """Which moves its log and silences its warnings before anybody else can meet them."""
    everywhere = [*SOURCES, *sorted((ROOT / "tests").rglob("*.py"))]
    importers = [path for path in everywhere if "opensim" in _imports(path)]
    assert importers == [ROOT / "aqbio" / "opensim" / "session.py"]


@pytest.mark.parametrize("path", [*SOURCES, *VALIDATION], ids=lambda p: str(p.relative_to(ROOT)))
def test_files_and_functions_stay_readable(path):
    """A file is a subject of at most 600 lines; a function that needs more than 60 is two."""
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 600
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            documented = ast.get_docstring(node) is not None and len(node.body) > 1
            body = node.body[1 if documented else 0 :]
            assert node.end_lineno - body[0].lineno < 60, node.name
            assert len(node.args.args) + len(node.args.kwonlyargs) <= 10, node.name


# words ------------------------------------------------------------------------------------------

MACHINE = re.compile(
    r"(?<![\w.])/(?:work|tmp|root|home/\w+|Users/\w+|mnt|var/folders)/\w|[A-Z]:\\\\?Users"
)
REGISTRY = re.compile(
    r"https?://[\w.-]*(?:pypi|pythonhosted|anaconda|conda-forge|npmjs|registry|artifactory|nexus)"
    r"|--(?:extra-)?index-url",
)


def test_the_patterns_below_see_what_they_must():
    for text in ("open('/wo" + "rk/x')", "see /tm" + "p/y", "C:\\Us" + "ers\\x"):
        assert MACHINE.search(text), text
    for text in ("../shared/tmp/y", "workflow/rules", "np.tmp/x", "data/home/x"):
        assert not MACHINE.search(text), text
    assert REGISTRY.search("https://" + "files.pythonhosted.org/x")


def test_no_machine_and_no_registry_is_named():
    """The project runs from any clone, and says nothing about where it was written."""
    found = []
    for path in _tracked():
        if b"\0" in (content := path.read_bytes()):
            continue
        for number, line in enumerate(content.decode().splitlines(), 1):
            if MACHINE.search(line) or REGISTRY.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert not found


def test_nothing_large_and_no_results_are_tracked():
    for path in _tracked():
        name = path.relative_to(ROOT).as_posix()
        assert path.stat().st_size < 2_000_000, name
        assert not name.startswith(("results/", ".snakemake/", ".venv/")), name
        assert path.suffix != ".c3d", f"{name}: recordings are never copied into the project"


LINK = re.compile(r"!?\[[^\]]*\]\(([^)#\s]+)[^)]*\)")


def _pages() -> list[Path]:
    return [path for path in _tracked() if path.suffix == ".md"]


def _built(file: Path) -> bool:
    """Whether a page is written when the site is built."""
    built = ("figures", "files", "licences")
    return file.resolve() in {ROOT / "docs" / f"{name}.md" for name in built}


def test_links_lead_somewhere():
    broken = []
    for page in _pages():
        targets = LINK.findall(page.read_text(encoding="utf-8"))
        inside = [target for target in targets if not target.startswith(("http", "mailto:"))]
        files = {target: page.parent / target for target in inside}
        lost = [target for target, file in files.items() if not (file.exists() or _built(file))]
        broken += [f"{page.relative_to(ROOT)}: {target}" for target in lost]
    assert not broken


def test_the_index_names_every_page():
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / target).resolve() for target in LINK.findall(index.read_text())}
    pages = {page for page in _pages() if (ROOT / "docs") in page.parents} - {index}
    assert not {page.relative_to(ROOT).as_posix() for page in pages - linked}


def test_decisions_have_a_number_each():
    """And begin with it, so that a page can be found from either; superseded ones are gone."""
    pages = sorted((ROOT / "docs" / "decisions").iterdir())
    numbers = [page.name[:4] for page in pages]
    assert len(set(numbers)) == len(numbers)
    for number, page in zip(numbers, pages, strict=True):
        assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", page.name), page.name
        assert page.read_text(encoding="utf-8").startswith(f"# {number}: "), page.name


def test_readme_is_short_and_begins_with_what_people_need():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert 60 <= text.count("\n") <= 90
    for needed in ("make demo", "make test", "aqbio check", "snakemake", "slurm", "CITATION.cff"):
        assert needed in text, needed


def test_commands_in_the_pages_exist():
    from aqbio.cli import app

    known = {c.name or c.callback.__name__ for c in app.registered_commands}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    for page in _pages():
        for line in re.findall(r"`([^`\n]+)`", page.read_text(encoding="utf-8")):
            words = line.split()
            if words[:1] == ["aqbio"] and len(words) > 1 and words[1][0].isalpha():
                assert set(words[1].split("|")) <= known, f"{page.name}: {line}"
            if words[:1] == ["make"] and len(words) == 2:
                assert words[1] in targets, f"{page.name}: {line}"


def test_examples_in_the_tutorial_are_valid():
    """What a reader copies must be accepted."""
    text = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    examples = [
        yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    ]
    settings = [example for example in examples if "markers" not in example]
    markers = [example["markers"] for example in examples if "markers" in example]
    assert len(settings) == 2
    assert len(markers) == 1
    for example in settings:
        StudySettings.model_validate({"name": "example", **example})
    for marker in markers[0].values():
        MappedMarker.model_validate(marker)
    for sheet, row in (("participants", Participant), ("trials", Trial)):
        table = text[text.index(f"\n{sheet}.tsv:\n") :]
        lines = [line.strip("| ").split(" | ") for line in table.splitlines()[3:8] if "|" in line]
        header, rows = lines[0], [line for line in lines[2:] if len(line) == len(lines[0])]
        assert rows
        for cells in rows:
            known = {k: v for k, v in zip(header, cells, strict=True) if v != "n/a"}
            assert set(known) <= set(row.model_fields)
            row.model_validate(known)
