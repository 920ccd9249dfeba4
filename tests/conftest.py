import signal

# A shell's background jobs begin with Ctrl-C ignored, and so would every program that the tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)
