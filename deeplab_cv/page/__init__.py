"""The run on a page in the browser: its picture, its figures, and the same controls as in the window."""
