"""URLs: what one looks like, and how it is shown without what is secret in it."""

import re

HIDDEN = "..."
"""What stands for a secret."""

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")

_PROTOCOLS = "rtsp[su]?|https?|rtmp[est]*|srt|tcp|udp|tls|rtp|ftps?|sftp|mms[ht]?|hls|smb"

_LOST_SLASHES = re.compile(rf"(?:{_PROTOCOLS}):(?!//)\S", re.IGNORECASE)

_HOLDS_A_SECRET = r"(?=[^\s/\\](?:[^\n]*@|\S*[?#&;][\w.-]*=|\S*/[\w.-]+=))"
_BEGIN = (
    rf"(?<![\w+.-])(?:[A-Za-z][A-Za-z0-9+.-]*://|(?:{_PROTOCOLS}):/*(?=\S)|[A-Za-z][A-Za-z0-9+.-]+:/*{_HOLDS_A_SECRET})"
)
"""Of a URL in a line; also of one that lost a slash, as the path of a file does it, where the protocol is known or what
follows looks like a password or a query."""

_IN_TEXT = re.compile(rf"{_BEGIN}(?:[^\s:/@?#]+:(?!\d*(?:[/\s;?]|$))[^@\n]*@\S*|\S+)", re.IGNORECASE)
"""A URL in a line; a password may have spaces in it."""

_ENDS_A_PHRASE = ";,:.)]}'\"`"

_CUT_PASSWORD = re.compile(r"[^:@/?#]+:(?!\d*[/?#])[^@/?#]*[/?#].*@")
"""User and password before the @, where one of `/ # ?` ends them too early; after a host's colon comes a number."""

_QUERY = re.compile(r"\?[\w.\[\]-]+=")
_HOST_AND_PATH = re.compile(r"[^:@/?#]+(:\d*)?/[^@?#]*")
_DOMAIN_AND_PATH = re.compile(r"[^:@/?#]+\.[^:@/?#]+/[^:]*")


def is_url(text: str) -> bool:
    """A text names something by a scheme, such as rtsp://."""
    return _URL.match(text) is not None


def lost_slashes(text: str) -> bool:
    """A text begins as a URL does, without the two slashes, such as rtsp:me:word@host."""
    return _LOST_SLASHES.match(text) is not None


def is_cut_by_its_password(url: str) -> bool:
    """The password in a URL has a sign in it that ends it too early, so that no host can be found."""
    return _CUT_PASSWORD.match(url.partition("://")[2]) is not None


def without_secrets(url: str) -> str:
    """A URL as it may be shown: without user and password, and with `...` for what else is secret.

    That is a query, a fragment, a `key=value`, and of RTMP what follows the application.

    A password may hold the very signs that end it (`/ # ? @`), as those of cameras do. Where a URL can be read in two
    ways, what either of them calls a secret is left out.
    """
    scheme = re.match(r"(?:[A-Za-z][A-Za-z0-9+.-]*:/*)?", url)[0]  # type: ignore[index]  # it always matches
    rest = url[len(scheme) :]
    if "@" in rest and not scheme.lower().startswith("file:"):
        query = _QUERY.search(rest)
        before, after = (rest[: query.start()], rest[query.start() :]) if query else (rest, "")
        if "@" in after:
            if not _HOST_AND_PATH.fullmatch(before):
                return f"{scheme}{HIDDEN}"
        elif not _DOMAIN_AND_PATH.fullmatch(before.rpartition("@")[0]):
            before = before.rpartition("@")[2]
        rest = before + after
    place, sign = re.match(r"([^?#]*)([?#]?)", rest).groups()  # type: ignore[union-attr]  # it always matches
    # Some cameras take user and password as a part of the path: /user=admin_password=word_channel=1.
    parts = [HIDDEN if "=" in part else part for part in place.split("/")]
    # What follows the application's name is the key that lets somebody stream under another one's name.
    if scheme.lower().startswith("rtmp") and any(parts[2:]):
        parts[2:] = [HIDDEN]
    return f"{scheme}{'/'.join(parts)}{sign + HIDDEN if sign else ''}"


def hide_secrets(text: str) -> str:
    """A text with every URL in it as it may be shown."""
    return _IN_TEXT.sub(_shown, text) if ":" in text else text


def _shown(found: re.Match[str]) -> str:
    url = found[0].rstrip(_ENDS_A_PHRASE)
    shown, rest = without_secrets(url), found[0][len(url) :]
    # Of a URL that was shown before, the dots stay as they are.
    return shown + (rest.removeprefix(HIDDEN) if shown.endswith(HIDDEN) else rest)
