"""Recordings of what happens before a live source: when they begin and end, how they are kept, and who is told."""
