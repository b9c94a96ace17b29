"""`aqbio map-model`: a map file proposed from a model, and its marker set."""

from __future__ import annotations

from pathlib import Path

from aqbio.config import ModelMap, read_yaml
from aqbio.errors import AqbioError
from aqbio.intake.labelled_recordings import proposed_set
from aqbio.intake.models import ChosenModel
from aqbio.intake.proposed_map import ProposedMap, proposed_map
from aqbio.io.atomic import write_text
from aqbio.io.opensim_xml import model_markers


def write_map(model: Path, out: Path) -> ProposedMap:
    """Write the proposed map, check it, and write the model's own marker set beside it.

    Raises
    ------
    AqbioError
        When a file of that name exists, or what was written is no map.
    """
    if out.exists():
        raise AqbioError(
            "there is a file of that name already.",
            file=str(out),
            fix="choose another name: a map that a person corrected is not overwritten.",
            rule="map-exists",
        )
    proposed = proposed_map(model)
    write_text(out, proposed.text)
    if not any(one.startswith(("joints", "groups", "feet")) for one in proposed.open):
        model_map = read_yaml(out, ModelMap)
        _write_markers(model, model_map, out.parent / model_map.marker_set)
    return proposed


def _write_markers(model: Path, model_map: ModelMap, out: Path) -> None:
    """Write the marker set that the model's own markers make, if they make one."""
    own = model_markers(model)
    chosen = ChosenModel(str(model), "", model_map, own)
    proposed = proposed_set(model.stem, [tuple(own)], [], chosen)
    if not out.exists():
        write_text(out, proposed.text)
