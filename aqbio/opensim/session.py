"""OpenSim, imported quietly, with its log in a chosen file and models that initialise.

Give OpenSim plain lists, never its ``StdVector…`` classes: their type records are shared with those
of ezc3d in one process, and whoever comes second refuses its own vectors.

The only module that imports ``opensim``, when its first name is used; everybody else writes
``from aqbio.opensim.session import opensim``.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aqbio.boundary import reads
from aqbio.errors import AqbioError

__all__ = [
    "array_from_vec3",
    "drop_forces",
    "inertia_matrix",
    "initialised",
    "load_model",
    "load_opensim",
    "opensim",
    "quiet",
    "reason",
    "rotation_matrix",
    "vec3",
]

LogLevel = Literal["Off", "Critical", "Error", "Warn", "Info", "Debug", "Trace"]


@cache
def _loaded() -> tuple[Any, tuple[Any, ...]]:
    """OpenSim, and a copy of its default of every type that a model may hold."""
    with warnings.catch_warnings():
        # SWIG's generated types lack __module__, which Python deprecates while they are created.
        warnings.simplefilter("ignore", DeprecationWarning)
        import opensim as module
    # The log file is opened at the first message: without its sink none appears in the working
    # directory. Missing bone meshes alone write 70 warnings per model, hence "Error".
    module.Logger.removeFileSink()
    module.Logger.setLevelString("Error")
    names = module.ArrayStr()
    module.OpenSimObject.getRegisteredTypenames(names)
    types = (names.get(index) for index in range(names.getSize()))
    return module, tuple(module.OpenSimObject.getDefaultInstanceOfType(t).clone() for t in types)


def load_opensim() -> None:
    """Import OpenSim now, before processes are forked that all need it."""
    _loaded()


class _LateOpenSim:
    """The names of OpenSim, which is imported when the first of them is used."""

    def __getattr__(self, name: str) -> Any:
        return getattr(_loaded()[0], name)


opensim = _LateOpenSim()


@contextmanager
def quiet(log_file: Path | None = None, *, level: LogLevel = "Error") -> Iterator[None]:
    """Send OpenSim's messages to a file, if given, while the block runs.

    OpenSim has one level for the file and the console, so "Info" also prints.
    """
    before = opensim.Logger.getLevelString()
    opensim.Logger.setLevelString(level)
    if log_file is not None:
        log_file.parent.mkdir(parents=True, exist_ok=True)
        opensim.Logger.removeFileSink()
        opensim.Logger.addFileSink(str(log_file))
    try:
        yield
    finally:
        if log_file is not None:
            opensim.Logger.removeFileSink()
        opensim.Logger.setLevelString(before)


@contextmanager
def _own_defaults() -> Iterator[None]:
    """Forget the ``<defaults>`` of a file once it is read: OpenSim keeps them for the next one."""
    defaults = _loaded()[1]
    try:
        yield
    finally:
        for default in defaults:
            opensim.OpenSimObject.registerType(default)


MAX_MODEL_BYTES = 2**26
"""Largest model file, bytes: whole bodies with hundreds of muscles have a few millions."""

RESAVE_FIX = "open it in OpenSim 4.6 and save it again."


@reads("an OpenSim model", RESAVE_FIX, MAX_MODEL_BYTES)
def load_model(path: Path, *, muscles: bool = False) -> Any:
    """Read an OpenSim model without a system; its forces are dropped unless requested.

    What is read depends on the file alone, not on models that the process has read before. Older
    files with Thelen muscles may not initialise in OpenSim 4.6 ("min_control cannot be less than
    minimum activation").
    """
    if not path.is_file():
        raise AqbioError(
            "the OpenSim model does not exist.",
            file=str(path),
            fix="give the path of an .osim file.",
            rule="model-missing",
        )
    try:
        with quiet(level=opensim.Logger.getLevelString() if muscles else "Off"), _own_defaults():
            model = opensim.Model(str(path))
            if not muscles:
                drop_forces(model)  # which connects what is left: a joint may name no body
    except RuntimeError as error:
        raise AqbioError(
            f"OpenSim cannot read the model: {reason(error)}",
            file=str(path),
            fix=RESAVE_FIX,
            rule="model-unreadable",
        ) from error
    return model


def drop_forces(model: Any) -> None:
    """Remove every force and controller from a model that has no system yet."""
    model.updForceSet().clearAndDestroy()
    model.updControllerSet().clearAndDestroy()
    model.finalizeConnections()


def initialised(model: Any, *, file: Path | None = None) -> Any:
    """Build the model's system and give its default state, which lives as long as the model."""
    try:
        return model.initSystem()
    except RuntimeError as error:
        raise AqbioError(
            f"the OpenSim model does not initialise: {reason(error)}",
            file="" if file is None else str(file),
            fix="remove its muscles, or open and correct it in OpenSim 4.6.",
            rule="model-does-not-initialise",
        ) from error


def array_from_vec3(vector: Any) -> NDArray[np.float64]:
    """The three numbers of a ``SimTK.Vec3``."""
    return np.array([vector.get(0), vector.get(1), vector.get(2)])


def vec3(values: ArrayLike) -> Any:
    """A ``SimTK.Vec3`` of three numbers."""
    x, y, z = np.asarray(values, dtype=float)
    return opensim.Vec3(float(x), float(y), float(z))


def rotation_matrix(rotation: Any) -> NDArray[np.float64]:
    """A ``SimTK.Rotation`` as a (3, 3) array whose columns are the rotated axes."""
    return np.array([[rotation.get(row, column) for column in range(3)] for row in range(3)])


def inertia_matrix(inertia: Any) -> NDArray[np.float64]:
    """A ``SimTK.Inertia`` as a symmetric (3, 3) array, kg m²."""
    moments, products = array_from_vec3(inertia.getMoments()), inertia.getProducts()
    xy, xz, yz = array_from_vec3(products)
    return np.array([[moments[0], xy, xz], [xy, moments[1], yz], [xz, yz, moments[2]]])


def reason(error: BaseException) -> str:
    """Message of OpenSim on one line, without its location in the C++ source."""
    text = " ".join(str(error).split())
    text = re.sub(r"^std::exception in '[^']*': ", "", text)
    return text.split(" Thrown at ")[0] or type(error).__name__
