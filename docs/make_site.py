"""The documentation site: ``python -m docs.make_site``; docs/conf.py says how it looks.

Pages link to each other and to files of the checkout by relative paths. So that these hold in the
site too, pages and what they link to are collected in the folders that they come from. The examples
run on the small study of two virtual sprinters, which is computed once. Equations become MathML,
which browsers draw without a script. A link that leads nowhere fails the build.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from latex2mathml.converter import convert

import aqbio
from docs.make_files_page import files_page
from docs.make_licences import page as licences_page

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build"
STUDY = ROOT / "data" / "virtual_sprinters" / "test_study.yaml"
RESULTS = Path("results") / "test"

OPENSIM_FILES = {
    "V06_solve.osim": "V06.osim",
    "speed4-01_solve.mot": "V06_run.mot",
    "speed4-01_solve_grf.mot": "V06_run_grf.mot",
}
"""Files of one run as OpenSim has them, and their names beside the examples."""

SECTIONS = {
    "OpenSim files": ("docs/opensim_users",),
    "Your study": (
        "docs/tutorial", "docs/recordings", "docs/pages",
        "docs/figures", "docs/files",
        "config/README", "models/README", "models/sprint/README", "models/sprint_anatomical/README",
    ),
    "Methods": (
        "docs/methods", "docs/levels", "docs/body", "docs/consistency",
        "docs/hypotheses",
        "docs/claims", "docs/statistics", "docs/without_plates", "docs/strength",
    ),
    "Evidence": (
        "docs/real_runners", "docs/validation/README", "docs/validation/demo",
        "docs/validation/planted_faults", "docs/validation/planted_devices",
        "docs/validation/slope_rules",
        "docs/virtual_sprinters", "docs/reliability", "benchmarks/results/*",
        "data/public_runners/README", "data/virtual_sprinters/README",
    ),
    "Python": ("docs/library", "gallery/index", "reference"),
    "Developing": (
        "CONTRIBUTING", "CODE_OF_CONDUCT", "CHANGELOG", "docs/README", "docs/decisions/*",
        "docs/licences",
    ),
}  # fmt: skip
"""Pages by section, in the order of the menu."""

UNSEARCHED = re.compile(r"^(CHANGELOG|benchmarks/results|docs/(decisions|licences))")
"""Pages that no search leads to."""

KINDS = {
    "Results of a study": ("results",),
    "OpenSim files": ("look",),
    "Models and motion": ("multibody", "opensim"),
    "Ground reactions": ("force_plates",),
    "Levels A, B and C": ("rotation", "contributions"),
    "Steps, phases and roles": ("gait",),
    "Uncertainty": ("intervals",),
    "The demo": ("virtual",),
}
"""Parts of the reference, by the rooms that their names come from."""

DIRECTIVE = "```{{eval-rst}}\n.. auto{}:: aqbio.{}\n```\n\n"

EQUATION = re.compile(r"^```math\n(.+?)\n```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
TOP = re.compile(r"(\]\((?:\.\./)*)README\.md(?=[)#])")
"""A link to the page at the top, which is the site's index."""


GENERATED = {
    "aqbio/io/dictionary.yaml": "files.md",
    "aqbio/figures/stage.py": "figures.md",
    "docs/make_licences.py": "licences.md",
}
"""Pages in docs that only the site has, by the file of a checkout that they are made from."""


def pages(root: Path = ROOT) -> list[Path]:
    """Pages of the checkout, relative to its top."""
    folders = ("docs", "config", "models", "data", "benchmarks/results")
    paths = [
        *root.glob("*.md"),
        *(page for name in folders for page in (root / name).rglob("*.md")),
    ]
    return sorted(page.relative_to(root) for page in paths)


def linked(page: Path, root: Path = ROOT) -> Iterator[Path]:
    """Files that a page links to, pages left out, relative to the top."""
    for target in LINK.findall((root / page).read_text(encoding="utf-8")):
        file = (root / page.parent / target).resolve()
        if "://" not in target and file.is_file() and file.suffix != ".md":
            yield file.relative_to(root)


def page_text(page: Path, root: Path = ROOT) -> str:
    """A page as the site has it: equations in MathML, links to the top's page to the index."""
    text = EQUATION.sub(
        lambda equation: f"<p>{convert(equation[1], display='block')}</p>",
        (root / page).read_text(encoding="utf-8"),
    )
    text = text.replace("(examples/GALLERY_HEADER.rst)", "(../gallery/index.rst)")
    depth = "../" * len(page.parent.parts)
    if page.parent == Path("docs"):
        for source, target in GENERATED.items():
            text = text.replace(f"](../{source}", f"]({target}")
            text = text.replace(f"]({source.removeprefix('docs/')}", f"]({target}")
    text = TOP.sub(lambda link: f"{link[1]}index.md" if link[1] == f"]({depth}" else link[0], text)
    return f"---\nnosearch: true\n---\n{text}" if UNSEARCHED.match(page.as_posix()) else text


def menu(page_paths: list[Path]) -> Iterator[tuple[Path, str]]:
    """Page of every section, and the part of the index that lists the sections."""
    names_of_pages = sorted(page.with_suffix("").as_posix() for page in page_paths)
    heads = []
    for title, names in SECTIONS.items():
        of_section = [
            name_of_page
            for name in names
            for name_of_page in (
                [n for n in names_of_pages if Path(n).match(name)] if "*" in name else [name]
            )
        ]
        head = title.lower().replace(" ", "_")
        heads.append(head)
        lines = "\n".join(f"/{name_of_page}" for name_of_page in of_section)
        yield Path(f"{head}.md"), f"# {title}\n\n```{{toctree}}\n:maxdepth: 1\n\n{lines}\n```\n"
    lines = "\n".join(heads)
    top = page_text(Path("README.md"))
    yield Path("index.md"), f"{top}\n```{{toctree}}\n:hidden:\n\n{lines}\n```\n"


def reference() -> str:
    """Contents of `import aqbio`, by subject."""
    parts = ["# Reference: what import aqbio offers\n"]
    for title, rooms in KINDS.items():
        names = [
            name
            for home, several in aqbio._HOMES.items()
            if home.split(".")[0] in rooms
            for name in several
        ]
        calls = "".join(
            DIRECTIVE.format("class" if n[0].isupper() else "function", n) for n in names
        )
        parts.append(f"## {title}\n\n{calls}")
    return "\n".join(parts)


FIGURES = """\
# Figures

`results/<study>/figures` has every figure (by default in one and in two columns, PDF and SVG), the
numbers drawn (`<name>.tsv`) and the words (`figures.json`: title, caption, alternative text).
Titles are claims of the drawn numbers; captions count what is drawn and name the kind of every
interval.
Push side: solid blue; swing side: dashed vermillion. Below, those of two virtual sprinters.
"""


def figures_page(results: Path, folder: Path) -> str:
    """Every figure of the small study with the words that it has everywhere."""
    figure_folder = results / "figures"
    images = folder / "images" / "figures"
    images.mkdir(parents=True)
    parts = [FIGURES]
    for figure in json.loads((figure_folder / "figures.json").read_text(encoding="utf-8"))[
        "figures"
    ]:
        *_, files = figure["files"].values()
        shutil.copyfile(figure_folder / files["svg"], images / files["svg"])
        picture = f"![{figure['alternative_text']}](images/figures/{files['svg']})"
        parts.append(
            f"## {figure['name']}\n\n{figure['title']}. {figure['caption']}\n\n{picture}\n"
        )
    return "\n".join(parts)


def demo_results(folder: Path) -> Path:
    """Compute the small study in a folder, where that is still to do, and give its results."""
    demo = folder / "demo"
    demo.mkdir(parents=True, exist_ok=True)
    for file in STUDY.parent.iterdir():
        if file.is_file() and file.suffix != ".md":  # which the gallery would take for its own
            shutil.copyfile(file, demo / file.name)
    (demo / STUDY.name).replace(demo / "study.yaml")
    command = [sys.executable, "-m", "aqbio", "run", "demo", "--strict"]
    subprocess.run(command, cwd=folder, check=True)
    command = [sys.executable, "-m", "aqbio", "opensim", "demo", "--participant", "V06"]
    subprocess.run(command, cwd=folder, check=True)
    written = folder / RESULTS / "opensim" / "V06"
    for file, name in OPENSIM_FILES.items():
        shutil.copyfile(written / file, demo / name)
    return folder / RESULTS


def collected(target: Path, results: Path) -> Path:
    """All pages, what they link to, the examples and what is generated, in one folder."""
    shutil.rmtree(target, ignore_errors=True)
    page_paths = pages()
    for page in page_paths:
        for file in linked(page):
            (target / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / file, target / file)
    examples = target / "docs" / "examples"
    shutil.copytree(ROOT / "docs" / "examples", examples, dirs_exist_ok=True)
    (examples / "demo").symlink_to(results.parents[1] / "demo")
    texts = {page: page_text(page) for page in page_paths if page != Path("README.md")}
    texts |= {
        Path("docs/files.md"): files_page(),
        Path("docs/licences.md"): licences_page(),
        Path("docs/figures.md"): figures_page(results, target / "docs"),
        Path("reference.md"): reference(),
    }
    texts |= dict(menu([*texts]))
    for page, text in texts.items():
        (target / page).parent.mkdir(parents=True, exist_ok=True)
        (target / page).write_text(text, encoding="utf-8")
    return target


def built(pages_folder: Path, site: Path, *options: str) -> int:
    """Build the site of collected pages; the status of Sphinx, in which warnings are errors."""
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-E", *options]
    command += ["-c", str(ROOT / "docs"), str(pages_folder), str(site)]
    return subprocess.run(command, check=False).returncode


STAMP = BUILD / "site.sha256"

FOLDERS = ("aqbio", "benchmarks/results", "config", "docs", "models", "workflow")
"""Folders with files that a site follows from."""


def sources(root: Path = ROOT) -> set[Path]:
    """Files that a site follows from, relative to the top."""
    candidates = [path for name in FOLDERS for path in (root / name).rglob("*")]
    candidates += (root / "data").glob("*/*")  # without the recordings, which a demo makes there
    files = (path for path in candidates if path.is_file() and "__pycache__" not in path.parts)
    relative = {path.relative_to(root) for path in files}
    page_paths = pages(root)
    linked_files = {file for page in page_paths for file in linked(page, root)}
    return relative | linked_files | set(page_paths) | {Path("constraints.txt")}


def digest(root: Path = ROOT) -> str:
    """Digest of all files that a site follows from."""
    hashed = hashlib.sha256()
    for path in sorted(sources(root)):
        content = hashlib.sha256((root / path).read_bytes()).hexdigest()
        hashed.update(f"{path.as_posix()} {content}\n".encode())
    return hashed.hexdigest()


def current_site() -> Path | None:
    """Folder of the site that was last built, where no file that it follows from has changed."""
    stamp = STAMP.read_text(encoding="utf-8") if STAMP.is_file() else ""
    return BUILD / "site" if stamp == digest() else None


def main() -> int:
    """Build the site, and note what it was built from."""
    STAMP.unlink(missing_ok=True)
    before = digest()
    status = built(collected(BUILD / "pages", demo_results(BUILD)), BUILD / "site")
    if status == 0:
        STAMP.write_text(before, encoding="utf-8")
    return status


if __name__ == "__main__":
    sys.exit(main())
