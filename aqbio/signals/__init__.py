"""Filters, gaps and runs of frames of any signal."""
