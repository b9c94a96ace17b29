"""Numbers of other people at the same speed, which an athlete's are put beside."""
