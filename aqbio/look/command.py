"""`aqbio look`: from OpenSim's results to levels A, B and C, tables and a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from aqbio.boundary import refuse_unwritable_name
from aqbio.contributions.trial import MAX_CLOSURE_ERROR
from aqbio.errors import SEVERITIES, AqbioError
from aqbio.gait.roles import LEG_JOINTS
from aqbio.look.files import write_files
from aqbio.look.inputs import DEFAULT_CUTOFF_HZ, GUESSED, read_model_in_motion
from aqbio.look.levels import MotionLevels, motion_levels
from aqbio.look.tables import SIGNALS, along_run, contact_means, whole_contacts
from aqbio.names import SIDES
from aqbio.study.internal import contained

MODEL_SUFFIX = ".osim"

LARGEST_CAUSES = 4
"""Number of sources that are named in a sentence."""

VERTICAL = 1
"""Index of the vertical axis."""


def look(
    model: Path,
    motion: Path,
    forces: Path | None,
    folder: Path | None,
    say: Callable[[str], None],
    cutoff_hz: float = DEFAULT_CUTOFF_HZ,
) -> Path:
    """Compute the levels of a motion, write tables and a page, and return the page's path."""
    _check_kinds(model, motion, forces)
    folder = folder or Path(f"{motion.stem}_look")
    refuse_unwritable_name(folder.resolve())
    with contained(None, "look"):
        levels = motion_levels(read_model_in_motion(model, motion, forces, cutoff_hz))
        for line in summary(levels):
            say(line)
        write_files(levels, folder)
    return folder


def _check_kinds(model: Path, motion: Path, forces: Path | None) -> None:
    """Refuse files in another order, with the order that is meant."""
    named = {"model": model, "motion": motion, "forces": forces}
    models = [kind for kind, path in named.items() if path and path.suffix.lower() == MODEL_SUFFIX]
    if models != ["model"]:
        raise AqbioError(
            f"{model.name} is no OpenSim model (.osim)."
            if "model" not in models
            else f"{named[models[-1]]} is a second model.",
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
    worst = max(levels.closures, key=lambda name: levels.closures[name])
    closes = levels.closures[worst] <= MAX_CLOSURE_ERROR
    yield (
        f"{'every sum closes' if closes else 'SOME SUM DOES NOT CLOSE'}: largest error "
        f"{levels.closures[worst]:.0e} of its terms ({worst})"
    )
    for finding in sorted(levels.findings, key=lambda x: SEVERITIES.index(x.severity)):
        if finding.severity != "info":
            yield f"{finding.severity}: {finding}"


def causes_sentence(levels: MotionLevels) -> str:
    """Sources with the largest shares of the vertical ground force, over all whole contacts."""
    causes = vertical_causes(levels)
    if causes is None:
        return "what each joint causes is not known: no whole contact has forces on a whole body"
    order = sorted(causes, key=lambda name: -abs(causes[name]))[:LARGEST_CAUSES]
    listed = ", ".join(f"{name} {100 * causes[name]:.0f} %" for name in order)
    return f"vertical ground force in contact, largest causes: {listed}"


def vertical_causes(levels: MotionLevels) -> dict[str, float] | None:
    """Share of every source in the vertical ground force, mean over whole contacts.

    Joints are named by the leg on the ground. None where no contact has level C.
    """
    steps = whole_contacts(levels)
    signal = next(signal for signal in SIGNALS if signal.name == "induced_ground_force")
    run = along_run(levels.dataset[[signal.name]], levels.heading)
    totals: dict[str, float] = {}
    for step in steps:
        names, means = contact_means(run, step, signal)
        for name, value in zip(names, means[:, VERTICAL], strict=True):
            leg = leg_name(name, step.side)
            totals[leg] = totals.get(leg, 0.0) + float(value)
    whole = sum(totals.values())
    if not totals or not np.isfinite(whole) or whole <= 0.0:
        return None
    return {name: value / whole for name, value in totals.items()}


def leg_name(source: str, side: str) -> str:
    """Name of a source by the leg on the ground: ``stance ankle``, ``left shoulder``."""
    part, _, of_side = source.rpartition("_")
    if of_side not in SIDES:
        return source.replace("_", " ")
    if part not in LEG_JOINTS:
        return f"{of_side} {part}"
    return f"{'stance' if of_side == side else 'other'} {part}"
