"""Motion, forces and body made to obey Newton and Euler together; stage inverse_dynamics."""
