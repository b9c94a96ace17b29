"""Step curves of a study that stay in the participants' files until some of them are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.io.netcdf import DAMAGE, unreadable
from aqbio.vectors import BoolArray

if TYPE_CHECKING:
    import xarray as xr

OPEN_FILES = 24
"""Files that are open at a time; of more participants, each is opened again for a line."""

DRAWN = ("step", "phase", "percent")
"""Dimensions of one line of a figure."""


@dataclass(frozen=True, slots=True)
class StudyCurves:
    """Curves of several participants, read component by component."""

    opened: tuple[xr.Dataset, ...]
    """Of every participant, not read."""
    kept: tuple[BoolArray, ...]
    """Which steps of each count."""

    @property
    def participants(self) -> Iterator[xr.Dataset]:
        """Every participant's steps that count, not read."""
        return (one.isel(step=own) for one, own in zip(self.opened, self.kept, strict=True))

    @property
    def attrs(self) -> dict[str, Any]:
        """Attributes of the files, which name the roles."""
        return dict(self.opened[0].attrs)

    def __contains__(self, name: str) -> bool:
        return name in self.opened[0]

    def __getitem__(self, name: str) -> xr.DataArray | CurveVariable:
        """A number of every step, read; or curves, which are not."""
        dimensions = self.opened[0][name].dims
        variable = CurveVariable(tuple(one[name] for one in self.opened), self.kept)
        return variable.load() if dimensions == ("step",) else variable

    def where(self, name: str) -> StudyCurves:
        """Steps of which a number is known."""
        known = (np.isfinite(one[name].values) for one in self.opened)
        both = (own & found for own, found in zip(self.kept, known, strict=True))
        return StudyCurves(self.opened, tuple(both))


@dataclass(frozen=True, slots=True)
class CurveVariable:
    """A variable of the curves at some labels, as xarray's but read by `load` alone."""

    parts: tuple[xr.DataArray, ...]
    """Of every participant, all steps."""
    kept: tuple[BoolArray, ...]
    """Which steps of each count."""
    labels: dict[str, Any] = field(default_factory=dict)
    """By dimension."""

    @property
    def attrs(self) -> dict[str, Any]:
        """Attributes of the variable."""
        return dict(self.parts[0].attrs)

    def __getitem__(self, dimension: str) -> xr.DataArray:
        """Labels along a dimension."""
        return self.parts[0][dimension]

    def sel(self, labels: dict[str, Any] | None = None, **more: Any) -> Any:
        """At some labels; read as soon as one line of a figure is left."""
        chosen = CurveVariable(self.parts, self.kept, self.labels | (labels or {}) | more)
        single = [name for name, own in chosen.labels.items() if isinstance(own, str)]
        rest = [one for one in self.parts[0].dims if one not in (*DRAWN, *single)]
        return chosen if rest else chosen.load()

    def load(self) -> xr.DataArray:
        """Read the variable a participant at a time: HDF5 unpacks whole chunks."""
        import xarray as xr

        read = [_at(one, self.labels) for one in self.parts]
        whole = xr.Variable.concat(read, "step")  # type: ignore[no-untyped-call]
        coordinates = {
            name: self.labels.get(name, self.parts[0][name].values)
            for name in whole.dims
            if name in self.parts[0].indexes
        }
        return xr.DataArray(whole.isel(step=np.concatenate(self.kept)), coordinates)


def _at(one: xr.DataArray, labels: dict[str, Any]) -> xr.Variable:
    """What a participant has at some labels, read."""
    places = {}
    for name, label in labels.items():
        place = one.indexes[name].get_loc
        places[name] = place(label) if isinstance(label, str) else [*map(place, label)]
    return one.variable.isel(places).load()


@contextmanager
def open_curves(files: Sequence[Path], kept: Sequence[set[str]]) -> Iterator[StudyCurves]:
    """Open the curves of all participants, and close them at the end of the block.

    A file left to the garbage collector may be closed by another thread while HDF5, which is not
    thread-safe, opens the next one: the process dies.
    """
    import netCDF4
    import xarray as xr

    # Every line is read once: what HDF5 would keep of it stays in memory while a file is open, and
    # an open file takes megabytes of its own.
    netCDF4.set_chunk_cache(size=0)
    xr.set_options(file_cache_maxsize=OPEN_FILES)  # type: ignore[no-untyped-call]
    opened, known = [], []
    with ExitStack() as closed_at_the_end:
        for path, trials in zip(files, kept, strict=True):
            try:
                data = xr.open_dataset(path, engine="netcdf4", cache=False)
            except DAMAGE as error:
                raise unreadable(path, error) from error
            opened.append(closed_at_the_end.enter_context(data))
            known.append(np.array([str(n) in trials for n in data["trial_id"].values], dtype=bool))
        yield StudyCurves(tuple(opened), tuple(known))
