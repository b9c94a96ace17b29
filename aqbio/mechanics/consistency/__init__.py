"""Dynamic consistency: motion, ground reaction forces and body that obey Newton and Euler."""
