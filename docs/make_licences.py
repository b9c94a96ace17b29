"""What aqbio needs to run, and under which licences, from what is installed.

``python -m docs.make_licences build/licences.md`` writes the page; a name that ends in .json gets a
bill of materials (CycloneDX 1.6), with versions.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from aqbio.io.atomic import write_text

EXTRAS = ("slurm",)
"""Extras that a study may need; those of tests and checks stay with developers."""

SHORT = 60
"""Letters of a licence's name; longer fields hold its text."""

HEAD = """\
# Licences

What aqbio installs to run, with the extra `slurm`. `make licences` writes this page, and a bill of
materials with versions (CycloneDX) into build/sbom.json. aqbio itself is under the Apache License
2.0. A test refuses the GPL, which would bind who passes aqbio on; docutils has one file for an
editor under it, which is not installed.

| package | licence |
| --- | --- |
"""


def needed() -> dict[str, metadata.Distribution]:
    """Every installed distribution that aqbio needs to run, by its name; itself is not among them.

    What another system or Python would need instead is not installed here, and not among them.
    """
    found: dict[str, metadata.Distribution] = {}
    waiting = [("aqbio", EXTRAS)]
    while waiting:
        name, extras = waiting.pop()
        distribution = metadata.distribution(name)
        for line in distribution.requires or ():
            wanted = Requirement(line)
            asked = [{"extra": extra} for extra in ("", *extras)]
            if wanted.marker and not any(wanted.marker.evaluate(one) for one in asked):
                continue
            if (plain := normal(wanted.name)) not in found:
                found[plain] = metadata.distribution(wanted.name)
                waiting.append((wanted.name, tuple(wanted.extras)))
    return dict(sorted(found.items()))


def normal(name: str) -> str:
    """A distribution's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def licence(distribution: metadata.Distribution) -> str:
    """What a distribution says about its licence: expression, field, classifiers or its text."""
    said = distribution.metadata
    field = " ".join(str(said.get("License") or "").split())
    classifiers = [
        one.rsplit(" :: ", 1)[-1]
        for one in said.get_all("Classifier", [])
        if one.startswith("License ::")
    ]
    if expression := said.get("License-Expression"):
        return str(expression)
    if classifiers:
        return ", ".join(classifiers)
    return field if 0 < len(field) <= SHORT else next(_texts(distribution), "")


def _texts(distribution: metadata.Distribution) -> Iterator[str]:
    """First line of each file that holds a licence."""
    for file in distribution.files or ():
        if re.match(r"licen[cs]e|copying", file.name, re.IGNORECASE):
            yield file.read_text(encoding="utf-8").strip().splitlines()[0]


def page() -> str:
    """The page of licences; without versions, which constraints.txt has."""
    rows = (f"| {name} | {licence(one)} |\n" for name, one in needed().items())
    return HEAD + "".join(rows)


def bill() -> str:
    """A bill of materials, CycloneDX 1.6, as JSON."""
    components = [
        {
            "type": "library",
            "name": name,
            "version": one.version,
            "purl": f"pkg:pypi/{name}@{one.version}",
            "licenses": [{"license": {"name": licence(one)}}],
        }
        for name, one in needed().items()
    ]
    own = metadata.distribution("aqbio")
    content = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "name": "aqbio",
                "version": own.version,
                "licenses": [{"license": {"id": licence(own)}}],
            }
        },
        "components": components,
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for file in map(Path, sys.argv[1:]):
        write_text(file, bill() if file.suffix == ".json" else page())
