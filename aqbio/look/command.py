"""`aqbio look`: from OpenSim's results to levels A, B and C, tables and a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from aqbio.boundary import refuse_unwritable_name
from aqbio.errors import SEVERITIES, AqbioError
from aqbio.io.atomic import write_text
from aqbio.look.causes import causes_sentence
from aqbio.look.files import write_files
from aqbio.look.inputs import DEFAULT_CUTOFF_HZ, GUESSED, read_model_in_motion
from aqbio.look.levels import MotionLevels, motion_levels
from aqbio.look.muscles import read_muscles
from aqbio.look.page import closure_sentence, look_page
from aqbio.look.tables import whole_contacts
from aqbio.look.trust import drift_sentence, residual_sentence
from aqbio.study.internal import contained

MODEL_SUFFIX = ".osim"


def look(
    model: Path,
    motion: Path,
    forces: Path | None,
    folder: Path | None,
    say: Callable[[str], None],
    muscles: Path | None = None,
    cutoff_hz: float = DEFAULT_CUTOFF_HZ,
    fix: str = "",
) -> Path:
    """Compute the levels of a motion, write tables and a page, and return the page's path."""
    _check_kinds(model, motion, forces)
    folder = folder or Path(f"{motion.stem}_look")
    refuse_unwritable_name(folder.resolve())
    with contained(None, "look"):
        moving = read_model_in_motion(model, motion, forces, cutoff_hz, fix)
        muscle_forces = None if muscles is None else read_muscles(muscles, moving)
        levels = motion_levels(moving, muscle_forces)
        tables = write_files(levels, folder, muscles)
        page = folder / "index.html"
        write_text(page, look_page(levels, tables))
    for line in summary(levels):
        say(line)
    return page


def _check_kinds(model: Path, motion: Path, forces: Path | None) -> None:
    """Refuse files in another order, with the order that is meant."""
    files = {"model": model, "motion": motion, "forces": forces}
    models = [kind for kind, path in files.items() if path and path.suffix.lower() == MODEL_SUFFIX]
    if models != ["model"]:
        raise AqbioError(
            f"{model.name} is no OpenSim model (.osim)."
            if "model" not in models
            else f"{files[models[-1]]} is a second model.",
            fix="give the files in this order: MODEL.osim MOTION.mot FORCES.mot (or the .xml of "
            "external loads).",
            rule="look-order",
        )


def summary(levels: MotionLevels) -> Iterator[str]:
    """Lines for the terminal: how the model was understood, what was found, what closes."""
    moving = levels.moving
    yield (
        "bodies and joints: guessed from how the model stands and moves (map.yaml)"
        if moving.map_name == GUESSED
        else f"bodies and joints: as in the shipped map {moving.map_name}"
    )
    steps = whole_contacts(levels)
    sides = {side: sum(step.side == side for step in steps) for side in ("left", "right")}
    yield (
        f"{len(moving.time)} frames, {len(levels.result.contacts)} contacts; whole ones: "
        f"{sides['left']} left, {sides['right']} right"
    )
    yield causes_sentence(levels)
    if levels.drift is not None and levels.drift.is_tolerated:
        yield drift_sentence(levels.drift)
    if levels.residual is not None and levels.residual.is_tolerated:
        yield residual_sentence(levels.residual)
    yield closure_sentence(levels)
    for finding in sorted(levels.findings, key=lambda x: SEVERITIES.index(x.severity)):
        if finding.severity != "info":
            yield f"{finding.severity}: {finding}"
