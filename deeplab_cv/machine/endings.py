"""How a child process ended, in words."""

import signal


def how_it_ended(code: int) -> str:
    """What follows the name of a process with this exit code: `was ended by SIGSEGV`, `ended with code 1`."""
    if code >= 0:
        return f"ended with code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"was ended by {name}"
