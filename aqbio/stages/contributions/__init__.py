"""Stage contributions: levels A, B and C of one trial, and what tables and curves take from it."""
