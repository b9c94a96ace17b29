"""Recordings: axes, gaps, filters, events, and which foot touched the ground."""
