"""Who may see the page and who may control the run: hosts, origins, tokens and roles."""

import hmac
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Literal

from deeplab_cv.errors import UsageError
from deeplab_cv.page.address import ServeAddress, split_host
from deeplab_cv.page.options import PageOptions
from deeplab_cv.sources.naming import with_variables

Role = Literal["viewer", "controller"]
"""May watch; may control too."""

_SHORTEST_TOKEN = 8
_WRONG_TOKENS_A_MINUTE = 20

_MACHINES = 256
"""Of so many machines wrong tokens are remembered."""


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """What opens the page; None where nothing does for that role.

    Attributes:
        control: of those who may watch and control.
        view: of those who may watch.
        made: the control token was made here, and has to be shown.
    """

    control: str | None = None
    view: str | None = None
    made: bool = False


def wanted_tokens(options: PageOptions, address: ServeAddress) -> Tokens:
    """The options' tokens; the one for control is made where it is wanted and not given.

    It is wanted where others than this machine reach the page, and where watching alone has a token.

    Raises UsageError for one that is easily guessed, or names a variable that is not set.
    """
    control = _given("--serve-token", options.serve_token)
    view = _given("--serve-view-token", options.serve_view_token)
    if control is not None and control == view:
        raise UsageError("both tokens are the same", "--serve-view-token", "give two, or leave one out")
    if control is None and (view is not None or not address.is_loopback):
        return Tokens(control=secrets.token_urlsafe(24), view=view, made=True)
    return Tokens(control=control, view=view)


def _given(flag: str, text: str | None) -> str | None:
    if text is None:
        return None
    token = with_variables(text)
    if len(token) < _SHORTEST_TOKEN or not token.isascii() or not token.isprintable() or set(token) & set(' ";,\\%#&+'):
        remedy = f"use at least {_SHORTEST_TOKEN} letters and digits, or leave it out: one is made"
        raise UsageError("a token that is not fit for a link", flag, remedy)
    return token


class RateLimit:
    """So many a second on average, and twice as many at once."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._clock = clock
        self._left = self._most = max(1.0, 2 * per_second)
        self._at = clock()

    def take(self) -> bool:
        """Count one; False where it is one too many."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Guesses:
    """Wrong tokens that came from one machine; a token that a browser remembers from an earlier run counts once."""

    def __init__(self) -> None:
        self._wrong: set[int] = set()
        self._since = time.monotonic()

    def add(self, token: str) -> None:
        """This token is wrong."""
        self._forget()
        if not self.too_many:
            self._wrong.add(hash(token))

    @property
    def too_many(self) -> bool:
        """Somebody there seems to try tokens out: none is looked at until the minute is over."""
        self._forget()
        return len(self._wrong) >= _WRONG_TOKENS_A_MINUTE

    def _forget(self) -> None:
        if time.monotonic() - self._since > 60:
            self._wrong.clear()
            self._since = time.monotonic()


class Access:
    """Judges requests by their headers alone; what it is shown it keeps nowhere and writes nowhere.

    Attributes:
        tokens: what opens the page.
    """

    def __init__(self, address: ServeAddress, tokens: Tokens) -> None:
        self.tokens = tokens
        self._address = address
        self._guesses: dict[str, Guesses] = {}

    def meant_for_us(self, headers: Mapping[str, str]) -> bool:
        """The request's Host is one of this server's names."""
        return self._address.may_be_called(split_host(headers.get("host", "")))

    def from_our_page(self, headers: Mapping[str, str]) -> bool:
        """The request comes from this server's own page, or from no page at all.

        Browsers name the page that a request comes from in Origin, or say in Sec-Fetch-Site that it is another's; only
        a link on another's page may be followed.
        """
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2] != headers.get("host", ""):
            return False
        foreign = headers.get("sec-fetch-site") in ("cross-site", "same-site")
        return not foreign or headers.get("sec-fetch-mode") == "navigate"

    def role_of(self, tokens: Iterable[str | None], client: str) -> Role | None:
        """Whose tokens these are, that came from a machine; None for a stranger.

        Where nothing protects the page, this machine's own user may control.
        """
        guesses = self._guesses_of(client)
        for token in filter(None, tokens):
            if guesses.too_many:
                return None
            # Both are compared whatever comes of the first, each in a time that does not tell where they differ.
            controls, views = _same(token, self.tokens.control), _same(token, self.tokens.view)
            if controls or views:
                return "controller" if controls else "viewer"
            guesses.add(token)
        return "controller" if self.tokens.control is None else None

    def _guesses_of(self, client: str) -> Guesses:
        if len(self._guesses) >= _MACHINES and client not in self._guesses:
            self._guesses.pop(next(iter(self._guesses)))
        return self._guesses.setdefault(client, Guesses())


def tokens_in(headers: Mapping[str, str], cookie: str) -> list[str | None]:
    """The tokens that a request carries: `Authorization: Bearer`, and the cookie of this name."""
    kind, _, bearer = headers.get("authorization", "").partition(" ")
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(cookie)
    except CookieError:
        found = None
    return [bearer.strip() if kind.casefold() == "bearer" else None, found.value if found is not None else None]


def _same(given: str, wanted: str | None) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), (wanted or "").encode()) and wanted is not None
