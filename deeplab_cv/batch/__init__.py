"""Many files: found, worked on by a pool of processes, and noted so that a second run goes on where the first was."""
