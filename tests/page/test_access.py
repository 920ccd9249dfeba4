import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeplab_cv.errors import UsageError
from deeplab_cv.page.access import Access, Guesses, RateLimit, Tokens, tokens_in, wanted_tokens
from deeplab_cv.page.address import ServeAddress
from deeplab_cv.page.options import PageOptions
from tests.waiting import Clock

HOME, LAN = ServeAddress("127.0.0.1", 8000), ServeAddress("0.0.0.0", 8000)
BOTH = Tokens(control="controls-it", view="watches-it")


def test_on_this_machine_no_token_is_wanted_and_elsewhere_one_is_made_each_time():
    first, second = (wanted_tokens(PageOptions(), LAN) for _ in range(2))

    assert wanted_tokens(PageOptions(), HOME) == Tokens()
    assert first.made and len(first.control) >= 32
    assert first.control != second.control


def test_where_watching_has_a_token_control_has_one_too():
    tokens = wanted_tokens(PageOptions(serve_view_token="watches-it"), HOME)

    assert tokens.made and tokens.view == "watches-it"
    assert Access(HOME, tokens).role_of([None], "here") is None


def test_a_token_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("PAGE_TOKEN", "from-the-environment")

    assert wanted_tokens(PageOptions(serve_token="${PAGE_TOKEN}"), LAN) == Tokens(control="from-the-environment")


@pytest.mark.parametrize(
    "token", ["short", "with a space", 'quo"ted-token', "tökens-of-letters", "a;b;c;d;e", "100%sure8", "a&b=c+d#e", ""]
)
def test_a_token_that_does_not_fit_into_a_link_is_refused_and_not_repeated(token):
    with pytest.raises(UsageError) as refusal:
        wanted_tokens(PageOptions(serve_token=token), LAN)

    assert "--serve-token" in str(refusal.value)
    assert not token or token not in str(refusal.value)


def test_two_equal_tokens_are_refused():
    with pytest.raises(UsageError, match="the same"):
        wanted_tokens(PageOptions(serve_token="controls-it", serve_view_token="controls-it"), HOME)


@pytest.mark.parametrize(
    ("given", "role"),
    [
        (["controls-it"], "controller"),
        (["watches-it"], "viewer"),
        ([None, "", "watches-it"], "viewer"),
        (["wrong", "controls-it"], "controller"),
        (["wrong"], None),
        (["controls-i"], None),
        (["controls-it "], None),
        (["CONTROLS-IT"], None),
        (["ö" * 11], None),
        ([], None),
    ],
)
def test_a_token_says_who_asks(given, role):
    assert Access(LAN, BOTH).role_of(given, "there") == role


def test_without_tokens_this_machine_s_user_controls():
    assert Access(HOME, Tokens()).role_of([], "here") == "controller"


@given(st.text())
def test_no_other_text_than_the_token_opens(text):
    assert Access(LAN, BOTH).role_of([text], "there") is None or text in (BOTH.control, BOTH.view)


def test_who_tries_tokens_out_is_not_looked_at_for_a_while_and_others_are():
    access = Access(LAN, BOTH)
    for number in range(50):
        access.role_of([f"guess-{number}"], "there")

    assert access.role_of(["controls-it"], "there") is None
    assert access.role_of(["controls-it"], "elsewhere") == "controller"


def test_a_token_of_an_earlier_run_that_a_browser_sends_again_and_again_counts_once():
    access = Access(LAN, BOTH)
    for _ in range(200):
        access.role_of(["of-yesterday"], "there")

    assert access.role_of(["controls-it"], "there") == "controller"


def test_guesses_are_forgotten_after_a_minute(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("deeplab_cv.page.access.time", clock)
    guesses = Guesses()
    for number in range(50):
        guesses.add(str(number))
    before = guesses.too_many
    clock.sleep(61)

    assert before and not guesses.too_many


def test_only_so_many_a_second_are_let_through():
    clock = Clock()
    limit = RateLimit(10, clock.monotonic)
    at_once = sum(limit.take() for _ in range(100))
    clock.sleep(1)

    assert at_once == 20
    assert sum(limit.take() for _ in range(100)) == 10


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({}, True),
        ({"origin": "http://127.0.0.1:8000"}, True),
        ({"origin": "http://127.0.0.1:8001"}, False),
        ({"origin": "https://evil.org"}, False),
        ({"origin": "null"}, False),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, False),
        ({"sec-fetch-site": "same-site", "sec-fetch-mode": "websocket"}, False),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, True),
    ],
)
def test_another_page_s_requests_are_not_ours(headers, ours):
    assert Access(HOME, Tokens()).from_our_page({"host": "127.0.0.1:8000"} | headers) is ours


@pytest.mark.parametrize(
    ("headers", "tokens"),
    [
        ({}, []),
        ({"authorization": "Bearer abc"}, ["abc"]),
        ({"authorization": "Basic abc"}, []),
        ({"cookie": "other=1; ours=abc"}, ["abc"]),
        ({"cookie": "ours"}, []),
        ({"cookie": "\x00=;;;="}, []),
        ({"authorization": "bearer one", "cookie": "ours=two"}, ["one", "two"]),
    ],
)
def test_tokens_are_found_in_headers(headers, tokens):
    assert [token for token in tokens_in(headers, "ours") if token] == tokens
