"""Tables in a terminal."""

from rich.console import Console

TABLE_WIDTH = 110
"""Characters a table may take; a narrower terminal wraps its lines, which is still better than cut figures."""


def wide_console(width: int = TABLE_WIDTH) -> Console:
    """A console for tables of figures, the same in a terminal, a file and a pipe."""
    return Console(width=max(width, Console().width), highlight=False)
