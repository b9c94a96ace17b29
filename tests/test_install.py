"""A wheel, installed away from the checkout, gives the same results."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

import aqbio
from aqbio.io.tables import read_table
from tests.one_each import ONE_EACH
from tests.small_study import replace

pytestmark = [pytest.mark.whole, pytest.mark.install, pytest.mark.xdist_group("install")]

ROOT = Path(aqbio.__file__).parents[1]
SHIPPED = ("Snakefile", "workflow/", "models/", "config/", "data/virtual_sprinters/")


def _output(command, folder, **options):
    process = subprocess.run(
        [*map(str, command)], cwd=folder, capture_output=True, text=True, check=False, **options
    )
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout


@pytest.fixture(scope="module")
def tracked():
    """Files under version control."""
    try:
        listed = _output(["git", "ls-files", "-z"], ROOT)
    except (OSError, AssertionError):
        pytest.skip("this is no git checkout")
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def built(tracked, tmp_path_factory):
    """Folder with a source archive, the wheel made from it, and in `direct` that of the checkout.

    From a copy of what is committed: nothing of earlier builds, nothing that only lies about.
    """
    folder = tmp_path_factory.mktemp("built")
    for name in tracked:
        (folder / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / "source" / name)
    build = (sys.executable, "-m", "build", "--outdir")
    _output([*build, folder / "dist", "."], folder / "source")
    _output([*build, folder / "direct", "--wheel", "."], folder / "source")
    return folder


def _contents(folder):
    [file] = folder.glob("*.whl")
    with zipfile.ZipFile(file) as wheel:
        return {member.filename: member.CRC for member in wheel.infolist()}


def test_the_wheel_has_every_file_and_no_other(built, tracked):
    """A file that is read and not packed fails only where nobody of us looks; the wheel of the
    source archive is that of the checkout."""
    assert _contents(built / "dist") == _contents(built / "direct")
    [file] = (built / "dist").glob("*.tar.gz")
    with tarfile.open(file) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"CHANGELOG.md", "CITATION.cff", "LICENSE", "constraints.txt"} <= names
    code = {name for name in tracked if name.startswith("aqbio/")}
    shipped = {f"aqbio/shipped/{name}" for name in tracked if name.startswith(SHIPPED)}
    shipped = {
        name for name in shipped if not Path(name).name.startswith(".") and not name.endswith(".py")
    }
    packed = {name for name in _contents(built / "dist") if ".dist-info/" not in name}
    assert packed == code | shipped | {"aqbio/shipped/constraints.txt"}


class Installed(NamedTuple):
    """An environment with the wheel, and an empty folder to work in."""

    environment: Path
    folder: Path

    def run(self, command: str, *arguments: object) -> str:
        """Output of a command of the environment."""
        binaries = self.environment / "bin"
        variables = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "AQBIO"))}
        variables["PATH"] = f"{binaries}{os.pathsep}{os.defpath}"
        return _output([binaries / command, *arguments], self.folder, env=variables)


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory):
    """The wheel in an empty environment, which borrows the dependencies of this one."""
    environment = tmp_path_factory.mktemp("environment")
    _output([sys.executable, "-m", "venv", environment], environment)
    wheel_environment = Installed(environment, tmp_path_factory.mktemp("empty"))
    [wheel] = (built / "dist").glob("*.whl")
    wheel_environment.run(
        "python", "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel
    )
    [packages] = environment.glob("lib/*/site-packages")
    (packages / "dependencies.pth").write_text(
        f"{sysconfig.get_path('purelib')}\n", encoding="utf-8"
    )
    import_paths = wheel_environment.run(
        "python", "-c", "import aqbio, sys; print(aqbio.__file__, *sys.path)"
    )
    assert import_paths.startswith(str(packages))
    assert str(ROOT) not in import_paths.split()
    return wheel_environment


@pytest.fixture(scope="module")
def demo(installed):
    """The demo with one athlete, a static trial and a run that is compared between models, few
    draws, figures of one width."""
    installed.run("aqbio", "new", "demo", "--demo")
    chosen = ("\tstatic\t", "\tspeed4-01\t")
    for sheet, trial_marks in (("participants", ("",)), ("trials", chosen)):
        path = installed.folder / "demo" / f"{sheet}.tsv"
        header, *lines = path.read_text(encoding="utf-8").splitlines()
        first = lines[0].partition("\t")[0]
        rows = [
            row for row in lines if row.startswith(first) and any(x in row for x in trial_marks)
        ]
        path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    settings = installed.folder / "demo" / "study.yaml"
    for full, small in (("draws: 60", "draws: 4"), ("samples: 24", "samples: 4")):
        replace(settings, full, small)
    with settings.open("a", encoding="utf-8") as file:
        file.write("figures:\n  widths_mm: [85]\n  formats: [svg]\n")
        file.write(ONE_EACH)
        file.write(
            "other_models: {models: {other: {file: sprint_anatomical, map: sprint_anatomical}}}\n"
        )
    assert "no problems found" in installed.run("aqbio", "check", "demo")
    return installed


def test_a_new_study_is_made_and_explained(installed):
    installed.run("aqbio", "new", "mine")
    assert (installed.folder / "mine" / "hypotheses.yaml").is_file()
    assert "aqbio settings help" in (installed.folder / "mine" / "README.md").read_text("utf-8")
    installed.run("aqbio", "settings", "help")
    for name in ("README.md", "schema.json"):
        text = (installed.folder / "help" / name).read_text(encoding="utf-8")
        assert text == (ROOT / "config" / name).read_text(encoding="utf-8")


def test_the_demo_runs(demo):
    output = demo.run("aqbio", "run", "demo", "--cores", "1", "--strict")
    [counted] = [line for line in output.splitlines() if line.startswith("1 trial: ")]
    assert "failed" not in counted
    results = demo.folder / "results" / "virtual_sprinters"
    assert (read_table(results / "tables" / "steps.tsv")["status"] == "ok").sum() >= 3
    assert (results / "report" / "index.html").is_file()
