"""What the program needs to know of this computer."""
