"""A network file and what is known of it."""
