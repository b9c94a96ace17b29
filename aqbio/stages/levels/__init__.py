"""Levels A, B and C of one trial as a dataset, and what tables and curves take from it."""
