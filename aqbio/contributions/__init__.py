"""Levels by trial, their intervals, and one row per step; stage contributions."""
