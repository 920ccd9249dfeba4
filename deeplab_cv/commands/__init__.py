"""One file per sub-command, light to import."""
