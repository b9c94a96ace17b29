"""Faults that the product survives: interrupts, kills, full disks, broken files, random bytes."""
