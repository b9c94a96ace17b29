"""Figure of one trial's ground reaction forces with its contacts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from aqbio.figures.style import FRAME, GREY, STYLES, journal_style, legend_above, sheet
from aqbio.io.dictionary import columns
from aqbio.names import GRAVITY, SIDES

_PARTS = ((1, "vertical"), (0, "forward"), (2, "rightward"))
_AROUND_S = 0.03
_HEIGHT_MM = 112.0

FORCE_COLUMNS = columns("ground_forces")
"""What the columns of the table of drawn forces mean."""


@dataclass(frozen=True, slots=True)
class DrawnContact:
    """One foot on the ground."""

    foot: str
    """{"left", "right"}."""
    touchdown_s: float
    toe_off_s: float
    """touchdown_s, toe_off_s: Trial's own clock, s."""
    plates: str
    """Numbers of the plates that carry the foot, comma separated."""
    complete: bool
    """False when the recording starts or ends within the contact."""


@dataclass(frozen=True, slots=True)
class GroundForces:
    """Ground reaction forces of one trial."""

    time: NDArray[np.float64]
    """(T,) array, s."""
    force: NDArray[np.float64]
    """(T, 2, 3) array. On the left and on the right foot, ground frame, filtered like the motion;
    in `unit`."""
    event_time: NDArray[np.float64]
    """(E,) array, s."""
    event_force: NDArray[np.float64]
    """(E, 2) array. Vertical, low-passed less, from which contacts were found; in `unit`."""
    contacts: tuple[DrawnContact, ...]
    unit: str
    """{"BW", "N"}."""

    def __post_init__(self) -> None:
        """Refuse arrays that do not describe the same samples."""
        if self.force.shape != (len(self.time), 2, 3):
            raise ValueError(
                f"force has shape {self.force.shape}, expected ({len(self.time)}, 2, 3)."
            )
        if self.event_force.shape != (len(self.event_time), 2):
            raise ValueError(
                f"event_force has shape {self.event_force.shape}, "
                f"expected ({len(self.event_time)}, 2)."
            )


def trial_ground_forces(prepared: xr.Dataset, mass_kg: float | None) -> GroundForces:
    """Take what the figure needs from a prepared trial.

    Parameters
    ----------
    prepared : Dataset
        A prepared trial: ``foot_force`` (time, foot, axis), ``foot_force_event`` (force_time,
        foot), N, and the ``contact_`` variables.
    mass_kg : float or None
        Body mass; None leaves forces in newtons.
    """
    weight = 1.0 if mass_kg is None else mass_kg * GRAVITY
    contacts = tuple(
        DrawnContact(
            str(prepared["contact_foot"][number].item()),
            float(prepared["contact_touchdown"][number]),
            float(prepared["contact_toe_off"][number]),
            str(prepared["contact_plates"][number].item()),
            bool(prepared["contact_complete"][number]),
        )
        for number in range(prepared.sizes.get("contact", 0))
    )
    feet = list(SIDES)
    force = prepared["foot_force"].sel(foot=feet).transpose("time", "foot", "axis")
    event = prepared["foot_force_event"].sel(foot=feet).transpose("force_time", "foot")
    return GroundForces(
        prepared["time"].to_numpy(),
        force.to_numpy() / weight,
        prepared["force_time"].to_numpy(),
        event.to_numpy() / weight,
        contacts,
        "N" if mass_kg is None else "BW",
    )


def ground_forces_figure(forces: GroundForces, width_mm: float) -> Figure:
    """Draw vertical, forward and rightward force of both feet over time, with the contacts.

    Parameters
    ----------
    width_mm : float
        Width on paper, mm.
    """
    with journal_style():
        figure = sheet(width_mm, _HEIGHT_MM)
        axes = figure.subplots(4, 1, sharex=True, height_ratios=[0.32, 1.5, 1.0, 0.8])
        _draw_contacts(axes[0], forces.contacts)
        for place, (axis, name) in zip(axes[1:], _PARTS, strict=True):
            _draw_part(place, forces, axis)
            place.set_ylabel(f"{name}\n({forces.unit})", linespacing=1.25)
        axes[-1].set_xlabel("time (s)")
        axes[-1].set_xlim(*_span(forces))
        _legend(figure, forces)
    return figure


def ground_force_numbers(forces: GroundForces) -> pd.DataFrame:
    """The drawn, matched-filtered forces within contacts as a long table.

    Returns
    -------
    DataFrame
        Columns time_s, foot, x, y, z, unit.
    """
    parts = []
    for number, foot in enumerate(SIDES):
        kept = np.zeros(len(forces.time), dtype=bool)
        for contact in forces.contacts:
            if contact.foot == foot:
                kept |= _within(forces.time, contact)
        table = pd.DataFrame({"time_s": forces.time[kept], "foot": foot})
        for axis, name in enumerate("xyz"):
            table[name] = forces.force[kept, number, axis]
        parts.append(table.assign(unit=forces.unit))
    return pd.concat(parts, ignore_index=True)


def _draw_contacts(place: Axes, contacts: tuple[DrawnContact, ...]) -> None:
    for contact in contacts:
        height = 1 - SIDES.index(contact.foot)
        place.barh(
            height,
            contact.toe_off_s - contact.touchdown_s,
            left=contact.touchdown_s,
            height=0.72,
            facecolor=STYLES[contact.foot].colour if contact.complete else "white",
            edgecolor=STYLES[contact.foot].colour,
            hatch=None if contact.complete else "//////",
            linewidth=0.6,
        )
        place.text(
            0.5 * (contact.touchdown_s + contact.toe_off_s),
            height - 0.03,
            contact.plates.replace(",", "+"),
            color="white" if contact.complete else "black",
            fontsize=6,
            ha="center",
            va="center",
            bbox=None if contact.complete else {"facecolor": "white", "linewidth": 0, "pad": 0.8},
        )
    place.set_yticks([1, 0], labels=["left", "right"])
    place.set_ylim(-0.55, 1.55)
    place.set_ylabel("plate")
    place.tick_params(length=0)
    for side in place.spines.values():
        side.set_visible(False)


def _draw_part(place: Axes, forces: GroundForces, axis: int) -> None:
    place.axhline(0, color=FRAME, linewidth=0.5, zorder=1)
    events = [at for one in forces.contacts for at in (one.touchdown_s, one.toe_off_s)]
    high = place.get_xaxis_transform()
    place.vlines(events, 0.0, 1.0, transform=high, color="#C8C8C8", linewidth=0.4, zorder=0)
    for contact in forces.contacts:
        foot = SIDES.index(contact.foot)
        if axis == 1:
            kept = _within(forces.event_time, contact)
            place.plot(
                forces.event_time[kept], forces.event_force[kept, foot], color=GREY, linewidth=0.6
            )
        kept = _within(forces.time, contact)
        style = STYLES[contact.foot]
        place.plot(
            forces.time[kept],
            forces.force[kept, foot, axis],
            color=style.colour,
            linestyle=style.dash,
            linewidth=style.width,
        )
    place.locator_params(axis="y", nbins=5)


def _within(time: NDArray[np.float64], contact: DrawnContact) -> NDArray[np.bool_]:
    return (time >= contact.touchdown_s - _AROUND_S) & (time <= contact.toe_off_s + _AROUND_S)


def _span(forces: GroundForces) -> tuple[float, float]:
    if not forces.contacts:
        return float(forces.time[0]), float(forces.time[-1])
    first = min(contact.touchdown_s for contact in forces.contacts)
    last = max(contact.toe_off_s for contact in forces.contacts)
    return first - 0.06, last + 0.06


def _legend(figure: Figure, forces: GroundForces) -> None:
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=s.colour, linestyle=s.dash, linewidth=s.width, label=s.label)
        for s in (STYLES[foot] for foot in SIDES)
    ]
    handles.append(Line2D([], [], color=GREY, linewidth=0.6, label="less filtered, for events"))
    if not all(contact.complete for contact in forces.contacts):
        handles.append(
            Patch(facecolor="white", edgecolor=FRAME, hatch="//////", label="cut by the recording")
        )
    legend_above(figure, handles, 4)
