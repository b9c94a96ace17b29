"""Pages of trials and athletes, and the words of every page; stage pages."""
