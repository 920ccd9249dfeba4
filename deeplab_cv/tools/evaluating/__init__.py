"""How right a network is: the figures of `app.py evaluate`, one kind a module, and what is made of them."""
