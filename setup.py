"""Puts what comes with aqbio beside its code into the wheel; pyproject.toml says all the rest."""

from __future__ import annotations

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

SHIPPED = (
    "Snakefile",
    "workflow/**/*",
    "models/**/*",
    "config/*",
    "data/virtual_sprinters/*",  # its recordings are made on first use
    "constraints.txt",
)
NOT_SHIPPED = (".py", ".pyc")  # what makes the models
FOLDER = "aqbio/shipped"  # as in aqbio/names.py, which finds them
ROOT = Path(__file__).parent


def shipped_files() -> list[str]:
    """Paths of the files, from the top of the checkout."""
    found = (
        path
        for pattern in SHIPPED
        for path in ROOT.glob(pattern)
        if path.is_file() and not path.name.startswith(".") and path.suffix not in NOT_SHIPPED
    )
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


class BuildWithFolders(build_py):
    """The package as it is, and the folders beside it inside."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            for target, source in self._folders():
                self.mkpath(str(target.parent))
                self.copy_file(source, str(target), preserve_mode=False)

    def get_source_files(self) -> list[str]:  # what a source archive has to hold
        return [*super().get_source_files(), *shipped_files()]

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        return [*super().get_outputs(include_bytecode), *(str(one) for one, _ in self._folders())]

    def _folders(self) -> list[tuple[Path, str]]:
        return [(Path(self.build_lib) / FOLDER / name, name) for name in shipped_files()]


setup(cmdclass={"build_py": BuildWithFolders})
