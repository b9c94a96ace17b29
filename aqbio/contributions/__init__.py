"""Levels A, B and C: who carries, what each joint transmits, what each moment causes."""
