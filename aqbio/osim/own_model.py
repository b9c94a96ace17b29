"""A model that is a participant's already: corrected, never scaled."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aqbio.config.settings import Corrections
from aqbio.errors import Finding
from aqbio.mechanics.anatomy.body_points import BodyPoint
from aqbio.osim.corrections import apply_corrections
from aqbio.osim.session import initialised, load_model, opensim


def corrected_model(
    source: Path, output: Path, corrections: Corrections, points: Sequence[BodyPoint] = ()
) -> tuple[float, list[Finding]]:
    """Write a participant's own model with the documented corrections.

    Parameters
    ----------
    source, output : Path
        ``.osim`` files.
    points : sequence of BodyPoint
        Further markers.

    Returns
    -------
    mass : float
        Of the model, kg.
    findings : list of Finding
        What was changed.

    Raises
    ------
    AqbioError
        When OpenSim cannot read it or it does not initialise.
    """
    model = load_model(source, muscles=not corrections.drop_muscles)
    findings = apply_corrections(model, corrections)
    _add_markers(model, points)
    output.parent.mkdir(parents=True, exist_ok=True)
    model.printToXML(str(output))
    written = load_model(output)
    return float(written.getTotalMass(initialised(written, file=source))), findings


def _add_markers(model: Any, points: Sequence[BodyPoint]) -> None:
    for point in points:
        body = model.getBodySet().get(point.body)
        model.addMarker(opensim.Marker(point.name, body, opensim.Vec3(*point.position)))
    model.finalizeConnections()
