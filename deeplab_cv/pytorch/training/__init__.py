"""What the training loop is made of: teacher, loss, schedule, validation and log."""

from deeplab_cv.machine.cache import lend_folder

# Before any module in here imports matplotlib, which would keep its list of fonts in the user's home.
lend_folder("MPLCONFIGDIR", "matplotlib")
