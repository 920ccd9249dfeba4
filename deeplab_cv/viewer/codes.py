"""What the codes of cv2.pollKey mean, which differ from one kind of window to another."""

_NAMED: dict[int, str] = {
    **dict.fromkeys((0xFF51, 0x250000, 63234), "ArrowLeft"),
    **dict.fromkeys((0xFF52, 0x260000, 63232), "ArrowUp"),
    **dict.fromkeys((0xFF53, 0x270000, 63235), "ArrowRight"),
    **dict.fromkeys((0xFF54, 0x280000, 63233), "ArrowDown"),
    **dict.fromkeys((0xFFBE, 0x700000, 63236), "F1"),
    8: "Backspace",
    9: "Tab",
    13: "Enter",
    27: "Escape",
    0xFF50: "Home",
    0xFF55: "PageUp",
    0xFF56: "PageDown",
    0xFF57: "End",
    0xFFFF: "Delete",
    **{0xFFBE + number: f"F{number + 1}" for number in range(1, 12)},
}
"""Codes of X11 (Qt and GTK), then those of Windows and macOS, and the names that browsers have for these keys."""


def key_name(code: int) -> str | None:
    """What browsers call the key with a code of cv2.pollKey.

    None for no key, and for those that say nothing alone, such as Shift, or are for the machine, such as louder.
    """
    if code in _NAMED:
        return _NAMED[code]
    if code < 0 or code & 0xFFFF == 0:
        return None
    # GTK adds what else is held, such as Num Lock, in higher bits.
    code &= 0xFFFF
    if code in _NAMED:
        return _NAMED[code]
    return chr(code) if 32 <= code < 127 else None
