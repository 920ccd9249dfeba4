"""What travels through the program."""
