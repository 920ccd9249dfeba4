"""Float -> int8: the steps of `app.py quantise`, one a module."""
