"""Virtual sprinters: motion, forces and files of runners of whom everything is known."""
