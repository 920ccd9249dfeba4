"""What can be done while a job runs, whoever asks."""
