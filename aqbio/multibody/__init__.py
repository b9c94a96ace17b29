"""The tree of bodies and its equations: poses, motion, momentum, Newton and Euler."""
