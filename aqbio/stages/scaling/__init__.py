"""Parts of stage scale."""
