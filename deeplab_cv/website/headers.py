"""What a host has to send with a site."""

ISOLATION = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}
"""What browsers ask for before a page may have threads that share memory."""
