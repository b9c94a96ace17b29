"""Studies drawn as tables of steps, sprints and athletes, with errors of measurement."""
