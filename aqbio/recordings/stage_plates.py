"""Force plates of one trial: from the recording to loads on the runner in ground axes."""

from __future__ import annotations

import numpy as np

from aqbio.errors import distinct
from aqbio.force_plates.forces import (
    UNLOADED_MARGIN,
    UNLOADED_SHORTEST,
    nearly_unloaded,
)
from aqbio.force_plates.plates import (
    Plates,
    noise_level,
    pulls_and_pushes,
    quiet_noise,
    reversed_plates,
    turned_over,
    without_offsets,
)
from aqbio.io.recording import ForceRecording
from aqbio.names import SIDES
from aqbio.recordings.feet import NOBODY
from aqbio.recordings.notes import Notes
from aqbio.signals.runs import runs
from aqbio.vectors import FloatArray

OFFSET_MAX = {True: 250.0, False: 50.0}
"""Largest offset of a plate in a moving and in a static trial, N: a person who stands on several
plates for a whole trial must not pass for an offset."""

OFFSET_LARGE = 20.0
"""Offset of the vertical force above which a plate should be looked at, N."""


FORCE_MAX = 15_000.0
"""No runner loads a plate with more, N: 15 body weights of 100 kg."""

STEADY_SHARE = 0.1
"""A plate whose force varies by less than this share of its mean carries no running person."""


NOISE_MAX = 10.0
"""A plate that nobody loads and that reads more than this is noise, N (RMS)."""


def ground_plates(
    forces: ForceRecording,
    rotation: FloatArray,
    ignored: tuple[int, ...],
    notes: Notes,
    *,
    moving: bool,
) -> Plates | None:
    """Bring the plates into ground axes, acting on the runner, without their offsets.

    None when every plate is ignored, or none can be believed.
    """
    used = np.array([number not in ignored for number in forces.numbers], dtype=np.bool_)
    for index in np.flatnonzero(used):
        upward = forces.wrench.force[:, index] @ rotation[1]
        used[index] = _is_plausible(forces, int(index), upward, notes, moving=moving)
    kept = np.flatnonzero(used)
    for index in kept:
        _note_noise(forces, int(index), notes)
    if not len(kept):
        return None
    feet = [forces.feet[index] for index in kept]
    plates = Plates(
        wrench=forces.wrench.select(used).rotated(rotation),
        corners=forces.corners[used] @ rotation.T,
        rate=forces.rate,
        start=forces.start,
        numbers=tuple(forces.numbers[index] for index in kept),
        feet=tuple(SIDES.index(foot) if foot else NOBODY for foot in feet),
    )
    level, removed = without_offsets(plates, OFFSET_MAX[moving])
    for plate, offsets in enumerate(removed):
        if offsets is None:
            _note_loaded(plates, plate, OFFSET_MAX[moving], notes)
        else:
            _note_offset(plates, plate, offsets, notes)
    return _on_the_runner(level, notes)


def _is_plausible(
    forces: ForceRecording, index: int, upward: FloatArray, notes: Notes, *, moving: bool
) -> bool:
    """Tell plates whose forces no runner makes from the others, and say so."""
    size = np.linalg.norm(forces.wrench.force[:, index], axis=1)
    largest, mean, spread = float(size.max()), float(size.mean()), float(np.ptp(size))
    noise = noise_level(forces.wrench.force[:, index], forces.rate)
    if largest > FORCE_MAX:
        why, number = (
            f"its force reaches {distinct(largest, FORCE_MAX)} N, more than {FORCE_MAX:.0f} N",
            largest,
        )
    elif moving and mean > OFFSET_MAX[moving] and spread < STEADY_SHARE * mean:
        why, number = f"it reads {mean:.0f} N throughout, within {spread:.0f} N", mean
    elif moving and noise > NOISE_MAX:
        why, number = f"it reads noise of {noise:.0f} N (RMS) and no load", noise
    elif moving and pulls_and_pushes(upward, forces.rate, OFFSET_MAX[moving]):
        number = float(np.median(upward))
        why = f"it pulls and pushes, and its offset ({number:.0f} N in the middle) is too large"
    else:
        return True
    notes.add(
        "plate-implausible",
        "warning",
        f"plate {forces.numbers[index]} is left out: {why}.",
        number=number,
        limit=FORCE_MAX,
        unit="N",
        fix="correct scale, offset or unit of its channels, or zero the plate.",
        forces=True,
    )
    return False


def _note_noise(forces: ForceRecording, index: int, notes: Notes) -> None:
    noise = quiet_noise(forces.wrench.force[:, index], forces.rate)
    if noise > NOISE_MAX:
        notes.add(
            "plate-noisy",
            "warning",
            f"plate {forces.numbers[index]} reads noise of {distinct(noise, NOISE_MAX)} N (RMS) "
            f"while nobody is on it, more than {NOISE_MAX:.0f} N: touchdown, toe-off and body "
            "mass suffer.",
            number=noise,
            limit=NOISE_MAX,
            unit="N",
            fix="look for a loose cable or a machine nearby; raise the event thresholds of "
            "`prepare` in study.yaml above the noise.",
            forces=True,
        )


def _on_the_runner(plates: Plates, notes: Notes) -> Plates:
    """Reverse plates that report the force on the plate."""
    wrong = reversed_plates(plates.vertical, plates.rate)
    if not wrong.any():
        return plates
    names = ", ".join(str(plates.numbers[index]) for index in np.flatnonzero(wrong))
    if np.any(plates.vertical[:, ~wrong] > OFFSET_LARGE):
        notes.add(
            "plate-inverted",
            "warning",
            f"plate(s) {names} pull down while others push up; their signs are reversed.",
            fix="check the polarity of these plates, or list them in laboratory.ignore_plates.",
            forces=True,
        )
    else:
        notes.add(
            "plates-action",
            "info",
            f"the file holds the forces on the plates (plates {names} are loaded downwards); they "
            "are reversed, so that they act on the runner.",
            forces=True,
        )
    return turned_over(plates, wrong)


def _note_loaded(plates: Plates, plate: int, largest: float, notes: Notes) -> None:
    """Say why the offset of a plate is not known: never unloaded, or never for long enough."""
    number, vertical = plates.numbers[plate], plates.vertical[:, plate]
    stretches = runs(nearly_unloaded(vertical, largest))
    longest = float(np.ptp(stretches, axis=1).max()) / plates.rate if len(stretches) else 0.0
    needed = 2.0 * UNLOADED_MARGIN + UNLOADED_SHORTEST
    if longest > 0.0:
        what = (
            f"plate {number} is unloaded for at most "
            f"{distinct(1e3 * longest, 1e3 * needed)} ms at a time, less than "
            f"the {1e3 * needed:.0f} ms that its offset is taken from: what it reads stays."
        )
        notes.add(
            "plate-offset-unknown", "info", what, number=longest, limit=needed, unit="s",
            forces=True,
        )  # fmt: skip
        return
    mean = float(vertical.mean())
    notes.add(
        "plate-never-unloaded",
        "info",
        f"plate {number} is never unloaded ({mean:.0f} N on average): its offset is unknown "
        "and stays.",
        number=mean,
        unit="N",
        forces=True,
    )


def _note_offset(plates: Plates, plate: int, offsets: FloatArray, notes: Notes) -> None:
    number = plates.numbers[plate]
    heights = offsets[:, 1]
    drift = bool(np.ptp(heights) > 0.0)
    largest = float(np.abs(heights).max())
    if drift or largest > OFFSET_LARGE:
        notes.add(
            "plate-drift" if drift else "plate-offset",
            "warning",
            f"plate {number} reads {heights.min():.1f} to {heights.max():.1f} N unloaded; the "
            f"{'drift' if drift else 'offset'} is removed.",
            number=largest,
            limit=OFFSET_LARGE,
            unit="N",
            fix="zero the plates before each trial.",
            forces=True,
        )
