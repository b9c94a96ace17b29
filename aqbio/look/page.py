"""The page of a motion: one file with replay, curves, tables and what to make of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from markupsafe import Markup

from aqbio.contributions.trial import MAX_CLOSURE_ERROR
from aqbio.errors import SEVERITIES
from aqbio.gait.roles import RoleScheme
from aqbio.gait.steps import Step
from aqbio.look.causes import ANKLE, TOES, by_leg, causes_sentence, mechanics_sentences
from aqbio.look.inputs import GUESSED
from aqbio.look.levels import MotionLevels
from aqbio.look.tables import SIGNALS, averaged_contacts, contact_means, whole_contacts
from aqbio.look.trust import along_run
from aqbio.multibody.poses import segment_poses
from aqbio.names import SIDES
from aqbio.pages.address import with_addresses
from aqbio.pages.filters import ASSETS, CONTENT_SECURITY, counted, rows, template
from aqbio.pages.packed import Channel
from aqbio.pages.replay import (
    FORCE,
    TrialReplay,
    contact_rows,
    level_curves,
    observed_segments,
    poses_along,
    replay_script,
    script,
    shown_frames,
)
from aqbio.rotation.levels import PRIMARY
from aqbio.vectors import FloatArray
from aqbio.version import __version__

SECTIONS = {
    "replay": "Replay", "causes": "What each joint causes", "carried": "What each part carries",
    "steps": "Contacts", "trust": "How far to trust it", "model": "The model", "files": "Files",
}  # fmt: skip

FILES = {
    "levels.nc": "levels A, B and C over time, by segment, joint, source and contact model "
    "(NetCDF; xarray, MATLAB), ground axes of the model",
    "contributions.tsv": "mean and time integral of every level over every whole contact",
    "steps.tsv": "contacts, speeds, postures",
    "closures.tsv": "error of every sum",
    "ground_reaction_contributions.sto, com_acceleration_contributions.sto, "
    "angular_momentum_rate_contributions.sto": "level C over time by source, with the sum; for "
    "OpenSim's plotter",
    "angular_momentum.sto, joint_moments.sto, joint_powers.sto": "levels A and B over time",
}

SCRIPTS = (
    "vendor/three.min.js", "vendor/uplot.min.js", "replay-data.js", "replay-scene.js",
    "replay-curves.js",
)  # fmt: skip
"""Scripts of the replay, before its numbers."""

MAX_CAUSES = 24
"""Number of sources in a table of causes; the others are summed in one row."""

MIN_SHARE = 0.005
"""Share of the vertical force from which on a source has a row of its own, along any axis."""


def look_page(levels: MotionLevels, tables: dict[str, pd.DataFrame]) -> str:
    """The page as HTML, complete in one file."""
    moving, run = levels.moving, along_run(levels.dataset, levels.heading)
    steps = averaged_contacts(levels)
    causes = list(_causes(run, steps)) if levels.with_forces else []
    numbers = script(replay_script(_replay(levels, run)))
    scripts = [_asset(name) for name in SCRIPTS]
    style = Markup("\n").join(_asset(name) for name in ("vendor/uplot.min.css", "style.css"))
    moments = [finding for finding in levels.findings if finding.severity != "info"]
    page = template("look.html.j2").render(
        security=CONTENT_SECURITY["replay"],
        style=style,
        sections=SECTIONS,
        name=moving.name,
        byline=_byline(levels),
        answer=causes_sentence(levels),
        warnings=_warning_words(len(moments)),
        participant=moving.name,
        trial="look",
        bones="",
        compare=False,
        recorded=False,
        roles=RoleScheme().words(),
        causes=causes,
        muscles=bool(levels.muscles),
        no_causes=causes_sentence(levels),
        averaged="whole contacts" if whole_contacts(levels) else "what was recorded of contacts",
        carried=_momentum_table(run, steps),
        steps=rows(tables["steps"]),
        closure=closure_sentence(levels),
        tests=list(mechanics_sentences(levels)),
        residual=list(_residual(levels)),
        cutoff=f"{moving.cutoff_hz:g}",
        findings=sorted(levels.findings, key=lambda finding: SEVERITIES.index(finding.severity)),
        map_words=_map_words(levels),
        understood=list(_understood(levels)),
        files=FILES | ({"map.yaml": "the guessed map"} if moving.map_text else {}),
        version=__version__,
        inputs=", ".join(
            path.name
            for path in (moving.model, moving.motion_file, moving.forces_file)
            if path is not None
        ),
        scripts=[*scripts, Markup(numbers), _asset("replay.js")],
    )
    return with_addresses(page)


def _asset(name: str) -> Markup:
    """A script or style of the pages, without what could end its element."""
    text = (ASSETS / name).read_text(encoding="utf-8")
    return Markup(text.replace("</script", r"<\/script"))


def _byline(levels: MotionLevels) -> str:
    moving = levels.moving
    mass = float(levels.dataset.attrs["mass"])
    seconds = float(moving.time[-1] - moving.time[0])
    return (
        f"{moving.model.name}, {mass:.1f} kg; {counted(len(moving.time), 'frame')}, "
        f"{seconds:.2f} s; {'with' if levels.with_forces else 'without'} ground reaction forces"
    )


def _warning_words(count: int) -> str:
    if not count:
        return ""
    return f"{counted(count, 'finding')} below {'need' if count > 1 else 'needs'} a look."


def closure_sentence(levels: MotionLevels) -> str:
    """Largest error of the sums of all levels, and whether it is round-off."""
    worst = max(levels.closures, key=lambda name: levels.closures[name])
    error = levels.closures[worst]
    closes = "every sum closes" if error <= MAX_CLOSURE_ERROR else "not every sum closes"
    return f"{closes}: the largest error is {error:.0e} of its terms ({worst})"


# tables -------------------------------------------------------------------------------------------


def _causes(run: xr.Dataset, steps: Sequence[Step]) -> Iterator[dict[str, Any]]:
    """Rows of causes of the ground force for each foot that stands."""
    signal = next(signal for signal in SIGNALS if signal.name == "induced_ground_force")
    for side in SIDES:
        steps_of_side = [step for step in steps if step.side == side]
        means = [contact_means(run, step, signal) for step in steps_of_side]
        finite_means = [(names, values) for names, values in means if np.isfinite(values).all()]
        if finite_means:
            mean = np.mean([values for _, values in finite_means], axis=0)
            means_by_leg = by_leg(finite_means[0][0], mean, side)
            yield {
                "side": side,
                "contacts": counted(len(finite_means), "contact"),
                "rows": list(
                    _cause_rows(list(means_by_leg), np.array(list(means_by_leg.values())))
                ),
            }


def _cause_rows(names: Sequence[str], mean: FloatArray) -> Iterator[dict[str, Any]]:
    order, total = np.argsort(-np.abs(mean[:, 1])), mean.sum(axis=0)
    size = np.abs(mean).max(axis=1)
    large = [index for index in order if size[index] >= MIN_SHARE * abs(total[1])][:MAX_CAUSES]
    for index in large:
        yield _cause_row(names[index], mean[index], total)
    rest = np.setdiff1d(np.flatnonzero(size), large)
    if len(rest):
        yield _cause_row(counted(len(rest), "further source"), mean[rest].sum(axis=0), total)
    yield {**_cause_row("sum: measured force", total, total), "sum": True}


def _cause_row(name: str, values: FloatArray, total: FloatArray) -> dict[str, Any]:
    forward, up, right = map(float, values)
    share = 100.0 * up / float(total[1])
    return {
        "name": name, "forward": forward, "up": up, "right": right, "share": share, "sum": False,
    }  # fmt: skip


def _momentum_table(run: xr.Dataset, steps: Sequence[Step]) -> dict[str, Any] | None:
    """Momentum of every group about three axes, for each foot that stands."""
    signal = next(signal for signal in SIGNALS if signal.name == "group_angular_momentum")
    feet = [side for side in SIDES if any(step.side == side for step in steps)]
    if not feet:
        return None
    means = [
        np.mean(
            [contact_means(run, step, signal)[1] for step in steps if step.side == side], axis=0
        )
        for side in feet
    ]
    names = [str(name).replace("_", " ") for name in run["group"].values]
    table = np.concatenate(means, axis=1)
    lines = [
        {"name": name, "numbers": values, "sum": False}
        for name, values in zip(names, table.tolist(), strict=True)
    ]
    lines.append({"name": "whole body", "numbers": table.sum(axis=0).tolist(), "sum": True})
    return {"feet": feet, "rows": lines}


def _residual(levels: MotionLevels) -> Iterator[dict[str, Any]]:
    """Residual force and moment, root mean square over measured frames, and their limits."""
    if (left := levels.residual) is None:
        return
    share = 100.0 / left.weight
    for name, numbers, limit, unit in (
        ("Force", share * left.force, share * left.max_force, "%BW"),
        ("Moment about this axis", left.moment, left.max_moment, "N m"),
    ):
        yield {"name": name, "unit": unit, "numbers": numbers.tolist(), "limit": limit}


def _map_words(levels: MotionLevels) -> str:
    if levels.moving.map_name == GUESSED:
        return (
            "Guessed from how the model stands and moves; map.yaml holds it. Please look through "
            "it: sides, feet and joints decide what the numbers are called."
        )
    return f"By the names of its bodies, joints and coordinates, as in {levels.moving.map_name}."


def _understood(levels: MotionLevels) -> Iterator[tuple[str, str]]:
    """Parts and joints with the names that they have in the model."""
    model_map = levels.moving.model_map
    for group, bodies in model_map.groups.items():
        yield group.replace("_", " "), ", ".join(bodies)
    for joint, name in model_map.joints.by_name().items():
        yield joint.replace("_", " "), name
    skeleton = levels.moving.skeleton
    locked = [
        name
        for name, is_locked in zip(skeleton.coordinates, skeleton.coordinate_locked, strict=True)
        if is_locked
    ]
    if locked:
        yield "locked coordinates", ", ".join(locked)
    if len(skeleton.couplers.dependent):
        names = [skeleton.coordinates[index] for index in skeleton.couplers.dependent]
        yield "coupled coordinates", ", ".join(names)


# replay -------------------------------------------------------------------------------------------


def _replay(levels: MotionLevels, run: xr.Dataset) -> TrialReplay:
    """Content of the replay, on axes along the run."""
    moving = levels.moving
    chosen = shown_frames(run["time"].values, run["contact_touchdown"].values)
    sampled = run.isel(time=chosen)
    q = moving.data["q"].isel(time=chosen)
    curves = level_curves(moving.model_map, sampled, q)
    if levels.with_forces:
        causes = (
            sampled["induced_ground_force"]
            .sel(contact_model=PRIMARY, axis="y")
            .sum("foot", skipna=False)
        )
        if drawn := _drawn_causes(causes):
            curves["cause"] = drawn
    return TrialReplay(
        participant_id=moving.name,
        trial_id="look",
        time=sampled["time"].values,
        skeleton=moving.skeleton,
        poses=poses_along(segment_poses(moving.skeleton, q.values), levels.heading),
        plain=None,
        groups=moving.model_map.groups,
        observed=observed_segments(sampled),
        roles=RoleScheme(),
        markers={},
        measured=np.zeros((sampled.sizes["time"], 0, 3)),
        curves=curves,
        plates=np.zeros((0, 4, 3)),
        contacts=tuple(contact_rows(run)),
        ground=float(run.attrs["surface_height"]),
    )


MAX_DRAWN_CAUSES = 12
"""Number of sources whose curves are drawn: those with the largest vertical force."""


def _drawn_causes(causes: xr.DataArray) -> tuple[tuple[str, ...], Channel] | None:
    """Names and curves (T, K) of the sources with the largest vertical forces, in their order.

    None where level C is known nowhere.
    """
    values = {str(name): causes.sel(source=name).values for name in causes["source"].values}
    for side in SIDES:
        toes = values.pop(f"{TOES}_{side}", None)
        if toes is not None and np.nan_to_num(toes).any():
            ankle = values.pop(f"{ANKLE}_{side}")
            values[f"{ANKLE}_and_toes_{side}"] = ankle + toes
    size = {name: float(np.nan_to_num(np.abs(curve)).mean()) for name, curve in values.items()}
    largest = sorted(size, key=lambda name: -size[name])[:MAX_DRAWN_CAUSES]
    names = tuple(name for name in values if name in largest and size[name] > 0.0)
    if not names:
        return None
    return names, Channel(np.stack([values[name] for name in names], axis=1), FORCE)
