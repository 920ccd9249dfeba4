"""How right a network is: the figures of `app.py evaluate`, one kind a module, and what is made of them."""

from deeplab_cv.machine.cache import lend_folder

# Before any module in here imports matplotlib, which would keep its list of fonts in the user's home.
lend_folder("MPLCONFIGDIR", "matplotlib")
