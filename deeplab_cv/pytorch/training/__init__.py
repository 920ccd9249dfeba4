"""What the training loop is made of: teacher, loss, schedule, validation and log."""
