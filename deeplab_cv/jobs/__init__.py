"""One run, from its first frame to its last."""
