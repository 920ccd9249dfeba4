"""Other people's ONNX files -> files every engine reads alike: the steps of `app.py repair`, one a module."""
