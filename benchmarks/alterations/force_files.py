"""Alterations of what the plates measured."""

from __future__ import annotations

import numpy as np

from benchmarks.alterations.planted import GONE, Alteration, Planted, Random, together
from benchmarks.alterations.study import RUN, MemoryStudy
from benchmarks.alterations.whole_recordings import linear

LOADED = 300.0
"""A plate that carried this much was stepped on, N."""
SIGN = together(
    "sign|turned|reversed|inverted|opposite|action|direction|negative", "force|plate|moment"
)
NOT_OURS = together(
    "force|plate|pressure",
    r"no foot|under no|another trial|not used|away|off the|outside|exchang|place|position|"
    r"elsewhere|between the feet|beyond",
)
"""Forces that are not where a foot is."""
TOO_LARGE = together("force|weight|mass|plate", r"N\b|kg|unit|body weight|times|large|small|runner")


def _loaded(study: MemoryStudy) -> list[int]:
    return [int(p) for p in np.flatnonzero(study.run.force[..., 1].max(axis=0) > LOADED)]


def turn_forces(study: MemoryStudy, random: Random) -> Planted:
    """Forces on the plate instead of on the runner, in all or some axes, on all plates or one."""
    axes = [(0, 1, 2), (0,), (1,), (2,), (0, 2)][random.integers(5)]
    plates = _loaded(study) if random.random() < 0.6 else [int(random.choice(_loaded(study)))]
    force, moment = study.run.force.copy(), study.run.moment.copy()
    for axis in axes:
        force[:, plates, axis] *= -1.0
    if len(axes) == 3:
        moment[:, plates] *= -1.0
    study.change(RUN, force=force, moment=moment)
    told = "".join("xyz"[axis] for axis in axes), [plate + 1 for plate in plates]
    what = f"sign of force {told[0]} turned on plates {told[1]}"
    return Planted(what, (SIGN,))


def turn_free_moment(study: MemoryStudy, _: Random) -> Planted:
    """The vertical moment with the other sign."""
    from validation.recordings.faults import free_moment_sign

    study.takes[RUN] = free_moment_sign(study.run)
    return Planted("free moment turned round", (together("moment", "sign|turned|round"),))


def exchange_plates(study: MemoryStudy, random: Random) -> Planted:
    """Two plates with each other's channels."""
    pair = [int(p) for p in random.choice(_loaded(study), 2, replace=False)]
    force, moment = study.run.force.copy(), study.run.moment.copy()
    force[:, pair], moment[:, pair] = force[:, pair[::-1]], moment[:, pair[::-1]]
    study.change(RUN, force=force, moment=moment)
    return Planted(f"channels of plates {pair[0] + 1} and {pair[1] + 1} exchanged", (NOT_OURS,))


def delay(study: MemoryStudy, random: Random) -> Planted:
    """Forces that come late or early."""
    seconds = float(random.choice([-1.0, 1.0]) * np.exp(random.uniform(np.log(0.008), np.log(0.3))))
    samples = round(seconds * study.run.force_rate)
    parts = {}
    for name in ("force", "moment"):
        values = np.roll(getattr(study.run, name), samples, axis=0)
        values[(slice(0, samples) if samples > 0 else slice(samples, None))] = 0.0
        parts[name] = values
    study.change(RUN, **parts)
    names = (together("force|clock|plate", "late|early|delay|clock|synchron"), NOT_OURS)
    return Planted(f"forces {1000 * seconds:.0f} ms late", names)


def scale_forces(study: MemoryStudy, random: Random) -> Planted:
    """A wrong gain of all plates of the run, or a wrong unit."""
    units = [0.001, 1000.0, 4.448, 0.2248, 9.81]
    draws = [float(random.choice(units)), float(random.uniform(0.6, 1.5))]
    factor = draws[random.integers(2)]
    study.change(RUN, force=factor * study.run.force, moment=factor * study.run.moment)
    return Planted(f"all forces of the run times {factor:.3g}", (TOO_LARGE,))


def scale_plate(study: MemoryStudy, random: Random) -> Planted:
    """A wrong gain of one plate."""
    factor, plate = float(random.uniform(0.5, 1.6)), int(random.choice(_loaded(study)))
    force, moment = study.run.force.copy(), study.run.moment.copy()
    force[:, plate] *= factor
    moment[:, plate] *= factor
    study.change(RUN, force=force, moment=moment)
    return Planted(f"forces of plate {plate + 1} times {factor:.2f}", (TOO_LARGE,))


def moment_unit(study: MemoryStudy, random: Random) -> Planted:
    """Moments in another unit than the file says."""
    factor = float(random.choice([0.001, 1000.0]))
    study.change(RUN, moment=factor * study.run.moment)
    return Planted(
        f"moments times {factor:g}",
        (together("moment|pressure", "unit|N ?mm|off|away|no foot"), NOT_OURS),
    )


def delete_forces(study: MemoryStudy, _: Random) -> Planted:
    """No forces at all."""
    study.change(RUN, force=0.0 * study.run.force, moment=0.0 * study.run.moment)
    study.rows[RUN].pop("force_file", None)
    return Planted("no forces in the run", (together("force|plate", GONE + "|no force|kinematic"),))


def delete_plate(study: MemoryStudy, random: Random) -> Planted:
    """One plate that was stepped on was not recorded."""
    plate = int(random.choice(_loaded(study)))
    force, moment = study.run.force.copy(), study.run.moment.copy()
    force[:, plate], moment[:, plate] = 0.0, 0.0
    study.change(RUN, force=force, moment=moment)
    names = (
        together(
            "contact|step|plate|force",
            GONE + "|no force|kinematic|beside|no later|flight|same foot",
        ),
    )
    return Planted(f"plate {plate + 1} not recorded", names, quiet=True)


def offset_plate(study: MemoryStudy, random: Random) -> Planted:
    """One plate that was not zeroed."""
    plate, axis = int(random.choice(_loaded(study))), int(random.choice([0, 1, 1, 2]))
    size = float(random.choice([-1.0, 1.0]) * random.uniform(15.0, 300.0))
    force = study.run.force.copy()
    force[:, plate, axis] += size
    study.change(RUN, force=force)
    names = (together("plate|force", "offset|unloaded|zero|drift|constant"),)
    return Planted(f"offset of {size:.0f} N in {'xyz'[axis]} on plate {plate + 1}", names)


def drift_plate(study: MemoryStudy, random: Random) -> Planted:
    """One plate that drifts through the recording."""
    plate, size = int(random.choice(_loaded(study))), float(random.uniform(-200.0, 200.0))
    force = study.run.force.copy()
    force[:, plate, 1] += np.linspace(0.0, size, len(force))
    study.change(RUN, force=force)
    names = (together("plate|force", "drift|offset|unloaded|zero"),)
    return Planted(f"plate {plate + 1} drifts by {size:.0f} N", names)


def clip_plate(study: MemoryStudy, random: Random) -> Planted:
    """One amplifier beyond its range."""
    plate, share = int(random.choice(_loaded(study))), float(random.uniform(0.5, 0.95))
    force = study.run.force.copy()
    limit = share * force[:, plate, 1].max()
    force[:, plate, 1] = np.minimum(force[:, plate, 1], limit)
    study.change(RUN, force=force)
    names = (together("plate|channel|force", "clip|range|amplifier|saturat|beyond|flat"),)
    return Planted(f"plate {plate + 1} clipped at {limit:.0f} N", names)


def move_plates(study: MemoryStudy, random: Random) -> Planted:
    """Plates that are elsewhere than the file says."""
    size, angle = float(random.uniform(0.02, 0.4)), float(random.uniform(-np.pi, np.pi))
    shift = size * np.array([np.cos(angle), 0.0, np.sin(angle)])
    study.change(RUN, corners=study.run.corners + shift)
    names = (NOT_OURS, together("offset of the plates|plates along|pressure"))
    return Planted(
        f"all plates {100 * size:.0f} cm elsewhere, direction {np.degrees(angle):.0f} degrees",
        names,
    )


def other_forces(study: MemoryStudy, random: Random) -> Planted:
    """Forces of another trial: the same plates, other instants."""
    count = round(float(random.uniform(0.25, 0.75)) * len(study.run.force))
    parts = {name: np.roll(getattr(study.run, name), count, axis=0) for name in ("force", "moment")}
    study.change(RUN, **parts)
    names = (NOT_OURS, together("force", "late|early|clock|another|other trial"))
    return Planted(
        f"forces of another trial (turned round by {count / study.run.force_rate:.2f} s)", names
    )


def forces_end(study: MemoryStudy, random: Random) -> Planted:
    """The plates were recorded for a part of the run only."""
    share = float(random.uniform(0.3, 0.8))
    stop = round(share * len(study.run.force))
    force, moment = study.run.force.copy(), study.run.moment.copy()
    force[stop:], moment[stop:] = 0.0, 0.0
    study.change(RUN, force=force, moment=moment)
    names = (together("force|contact|plate", GONE + "|end|kinematic|cut|no later|until"),)
    return Planted(f"forces are zero after {stop / study.run.force_rate:.2f} s", names, quiet=True)


def other_plate_rate(study: MemoryStudy, random: Random) -> Planted:
    """Harmless: plates at half or twice the rate."""
    take = study.run
    half = (take.force_rate / take.marker_rate) % 2 == 0 and random.random() < 0.5
    rate = take.force_rate * (0.5 if half else 2.0)
    old = np.arange(len(take.force)) / take.force_rate
    new = np.arange(0.0, round(len(old) * rate / take.force_rate)) / rate
    parts = {name: linear(old, getattr(take, name), new) for name in ("force", "moment")}
    study.change(RUN, force_rate=rate, **parts)
    return Planted(f"forces at {rate:g} Hz instead of {take.force_rate:g} Hz", harmless=True)


FORCE_ALTERATIONS: tuple[Alteration, ...] = (
    turn_forces, turn_free_moment, exchange_plates, delay, scale_forces, scale_plate, moment_unit,
    delete_forces, delete_plate, offset_plate, drift_plate, clip_plate, move_plates, other_forces,
    forces_end,
    other_plate_rate,
)  # fmt: skip
