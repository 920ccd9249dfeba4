"""PyTorch -> file: the steps of `app.py export`, one a module."""
