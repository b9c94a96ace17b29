"""Force plates: from channels to wrenches on the runner and points of application."""
