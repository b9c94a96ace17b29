"""The rows of the scoreboard, by what they compare."""
