"""Packages that aqbio needs to run, and their licences, from the installed ones.

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
    distributions: dict[str, metadata.Distribution] = {}
    waiting = [("aqbio", EXTRAS)]
    while waiting:
        name, extras = waiting.pop()
        distribution = metadata.distribution(name)
        for line in distribution.requires or ():
            requirement = Requirement(line)
            environments = [{"extra": extra} for extra in ("", *extras)]
            if requirement.marker and not any(
                requirement.marker.evaluate(environment) for environment in environments
            ):
                continue
            if (plain := normal(requirement.name)) not in distributions:
                distributions[plain] = metadata.distribution(requirement.name)
                waiting.append((requirement.name, tuple(requirement.extras)))
    return dict(sorted(distributions.items()))


def normal(name: str) -> str:
    """A distribution's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def licence(distribution: metadata.Distribution) -> str:
    """Licence by a distribution's own statement: expression, field, classifiers or its text."""
    fields = distribution.metadata
    field = " ".join(str(fields.get("License") or "").split())
    classifiers = [
        classifier.rsplit(" :: ", 1)[-1]
        for classifier in fields.get_all("Classifier", [])
        if classifier.startswith("License ::")
    ]
    if expression := fields.get("License-Expression"):
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
    rows = (f"| {name} | {licence(distribution)} |\n" for name, distribution in needed().items())
    return HEAD + "".join(rows)


def bill() -> str:
    """A bill of materials, CycloneDX 1.6, as JSON."""
    components = [
        {
            "type": "library",
            "name": name,
            "version": distribution.version,
            "purl": f"pkg:pypi/{name}@{distribution.version}",
            "licenses": [{"license": {"name": licence(distribution)}}],
        }
        for name, distribution in needed().items()
    ]
    aqbio = metadata.distribution("aqbio")
    content = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "name": "aqbio",
                "version": aqbio.version,
                "licenses": [{"license": {"id": licence(aqbio)}}],
            }
        },
        "components": components,
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for file in map(Path, sys.argv[1:]):
        write_text(file, bill() if file.suffix == ".json" else page())
