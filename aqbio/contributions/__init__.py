"""Levels by trial, their intervals, and one row per step; stage contributions.

The room is callable: ``aqbio.contributions(model, motion, forces)`` is the function of the library
that people look for by this name, `aqbio.look.library.contributions`, with its signature and words.
"""

from __future__ import annotations

import inspect
import sys
from importlib import import_module
from types import ModuleType
from typing import Any


def _function() -> Any:
    return import_module("aqbio.look.library").contributions


class _CallableRoom(ModuleType):
    def __call__(self, *given: Any, **named: Any) -> Any:
        return _function()(*given, **named)

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        return str(_function().__doc__)

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(_function())


contributions: Any = sys.modules[__name__]
contributions.__class__ = _CallableRoom
