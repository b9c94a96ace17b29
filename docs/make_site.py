"""The documentation site: ``python -m docs.make_site``; `mkdocs.yml` says how it looks.

Pages link to each other and to files of the checkout by relative paths. So that these hold in the
site too, pages and what they link to are collected in the folders that they come from. The
reference is made from docstrings: a page per module. Equations become MathML, which browsers draw
without a script. A link that leads nowhere fails the build.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml
from latex2mathml.converter import convert

import aqbio
from docs.make_files_page import files_page
from docs.make_licences import page as licences_page

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / "mkdocs.yml"
PAGES = ROOT / "build" / "pages"

EQUATION = re.compile(r"^```math\n(.+?)\n```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")

ROOMS = (
    "body", "config", "consistency", "contributions", "force_plates", "gait", "intervals",
    "inverse_kinematics", "io", "labels", "multibody", "observed", "opensim", "recordings",
    "signals", "stats", "virtual",
)  # fmt: skip
"""Rooms whose modules others may build on; stages, figures and pages are run, not called."""


def pages(root: Path = ROOT) -> list[Path]:
    """Pages of the checkout, relative to its top."""
    folders = ("docs", "config", "models", "data", "benchmarks/results")
    found = [
        *root.glob("*.md"),
        *(page for name in folders for page in (root / name).rglob("*.md")),
    ]
    return sorted(page.relative_to(root) for page in found)


def linked(page: Path, root: Path = ROOT) -> Iterator[Path]:
    """Files that a page links to, pages left out, relative to the top."""
    for target in LINK.findall((root / page).read_text(encoding="utf-8")):
        file = (root / page.parent / target).resolve()
        if "://" not in target and file.is_file() and file.suffix != ".md":
            yield file.relative_to(root)


def reference() -> Iterator[tuple[Path, str]]:
    """Page of every module that has something public, and of what `import aqbio` offers."""
    names = "\n\n".join(f"::: aqbio.{name}" for name in aqbio.__all__ if name[0] != "_")
    yield Path("reference/library.md"), f"# What import aqbio offers\n\n{names}\n"
    for room in ROOMS:
        for file in sorted((ROOT / "aqbio" / room).rglob("*.py")):
            name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
            stage = file.stem.startswith(("__init__", "stage"))
            if not stage and any(_public(file)):
                yield Path("reference", room, f"{name}.md"), f"::: {name}\n"


def generated() -> Iterator[tuple[Path, str]]:
    """Pages that are written from data: files and columns, licences of what is installed."""
    yield Path("docs/files.md"), files_page()
    yield Path("docs/licences.md"), licences_page()


def _public(file: Path) -> Iterator[str]:
    """Functions and classes of a module without an underscore."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_":
            yield node.name


def with_equations(text: str) -> str:
    """A page whose equations are MathML."""
    return EQUATION.sub(lambda one: f"<p>{convert(one[1], display='block')}</p>", text)


def collected(target: Path = PAGES) -> Path:
    """All pages, what they link to, and the reference, in one folder."""
    shutil.rmtree(target, ignore_errors=True)
    for page in pages():
        for file in (page, *linked(page)):
            (target / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / file, target / file)
        text = (ROOT / page).read_text(encoding="utf-8")
        (target / page).write_text(with_equations(text), encoding="utf-8")
    shutil.copytree(ROOT / "docs" / "assets", target / "docs" / "assets")
    for page, text in (*generated(), *reference()):
        (target / page).parent.mkdir(parents=True, exist_ok=True)
        (target / page).write_text(text, encoding="utf-8")
    return target


def navigation(told: object, folder: Path) -> object:
    """The navigation with every folder in it spelled out, page by page."""
    if isinstance(told, list):
        return [navigation(one, folder) for one in told]
    if isinstance(told, dict):
        return {name: navigation(one, folder) for name, one in told.items()}
    if not str(told).endswith("/"):
        return told
    inside = sorted((folder / str(told)).iterdir())
    own = [path.relative_to(folder).as_posix() for path in inside if path.suffix == ".md"]
    named = [_by_name(page) if page.startswith("reference/") else page for page in own]
    rooms = [path.name for path in inside if path.is_dir()]
    return [*named, *({room: navigation(f"{told}{room}/", folder)} for room in rooms)]


def _by_name(page: str) -> dict[str, str]:
    """A page of the reference, under the name of its module in its room."""
    return {Path(page).stem.removeprefix(f"aqbio.{Path(page).parent.name}."): page}


def built(target: Path = PAGES.parent) -> int:
    """Build the site in `target`/site; the status of mkdocs."""
    folder = collected(target / "pages")
    settings = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    settings["nav"] = navigation(settings["nav"], folder)
    settings |= {"docs_dir": "pages", "site_dir": "site"}
    settings["plugins"][-1]["mkdocstrings"]["handlers"]["python"]["paths"] = [str(ROOT)]
    made = target / "mkdocs.yml"
    made.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    command = [sys.executable, "-m", "mkdocs", "build", "--config-file", str(made)]
    # the theme tells at length that it will end in 2027
    return subprocess.run(
        command, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(built())
