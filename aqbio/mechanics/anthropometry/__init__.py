"""Bodies from published tables, and the sprint model built from them."""
