import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeplab_cv.errors import UsageError
from deeplab_cv.page.address import ServeAddress, parse_address, split_host


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("8000", ServeAddress("127.0.0.1", 8000)),
        ("0", ServeAddress("127.0.0.1", 0)),
        ("0.0.0.0:8000", ServeAddress("0.0.0.0", 8000)),
        ("box.lan:80", ServeAddress("box.lan", 80)),
        ("[::1]:8000", ServeAddress("::1", 8000)),
    ],
)
def test_a_port_is_of_this_machine_alone_and_a_host_is_taken(text, address):
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text",
    ["", ":8000", "box.lan", "box.lan:", "65536", "-1", "8000:box", "::1:80", "[]:80", "8\uff10", "http://x:80/"],
)
def test_what_is_no_address_is_refused_with_the_form_of_one(text):
    with pytest.raises(UsageError, match="a port such as 8000"):
        parse_address(text)


@given(st.text(max_size=30))
def test_any_text_is_an_address_or_refused(text):
    try:
        address = parse_address(text)
    except UsageError:
        return
    assert 0 <= address.port <= 65535 and address.host


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.2"])
def test_loopback_is_reached_by_this_machine_alone(host):
    assert ServeAddress(host, 80).is_loopback


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "box.lan", "localhost.evil.org"])
def test_any_other_address_is_reached_by_others(host):
    assert not ServeAddress(host, 80).is_loopback


@pytest.mark.parametrize(
    ("host", "name", "may"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "localhost", True),
        ("127.0.0.1", "LOCALHOST.", True),
        ("127.0.0.1", "evil.org", False),
        ("127.0.0.1", "192.168.1.5", False),
        ("127.0.0.1", "", False),
        ("0.0.0.0", "192.168.1.5", True),
        ("0.0.0.0", "fe80::1", True),
        ("0.0.0.0", "evil.org", False),
        ("0.0.0.0", "192.168.1.5.evil.org", False),
        ("box.lan", "box.lan", True),
    ],
)
def test_a_name_that_may_be_made_to_lead_here_is_not_this_server_s(host, name, may):
    assert ServeAddress(host, 80).may_be_called(name) is may


@pytest.mark.parametrize(
    ("header", "name"), [("box:80", "box"), ("box", "box"), ("[::1]:80", "::1"), ("[::1]", "::1"), ("", "")]
)
def test_the_name_in_a_host_header_has_no_port(header, name):
    assert split_host(header) == name
