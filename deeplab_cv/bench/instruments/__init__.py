"""What the measurements measure with: a stopwatch, clips, a screen, the program in a process of its own."""
