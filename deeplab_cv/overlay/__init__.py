"""Labels -> picture."""
