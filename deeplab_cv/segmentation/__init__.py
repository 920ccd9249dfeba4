"""frame -> labels."""
