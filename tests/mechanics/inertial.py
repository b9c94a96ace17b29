"""Inertial parameters of a skeleton, written out for comparison."""

from __future__ import annotations
