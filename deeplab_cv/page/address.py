"""Where the page is: `[HOST:]PORT` read, and the names that a browser may call this machine by."""

import ipaddress
import socket
from dataclasses import dataclass

from deeplab_cv.errors import UsageError

_LOOPBACK = "127.0.0.1"
_OF_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class ServeAddress:
    """Where the server listens.

    Attributes:
        host: a name or an IP address, without brackets.
        port: 0 has the system choose one.
    """

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Nobody but this machine reaches it."""
        return self.host == "localhost" or _is_loopback(self.host)

    def may_be_called(self, name: str) -> bool:
        """A request for this name is meant for this server.

        A page elsewhere can have its own name lead here (DNS rebinding), and its scripts then ask under that name. So a
        name must be this machine's, or the one that was given; an IP address cannot be made to lead elsewhere.
        """
        name = name.casefold().rstrip(".")
        if name in _OF_LOOPBACK or name == self.host.casefold():
            return True
        if self.is_loopback:
            return _is_loopback(name)
        own = socket.gethostname().casefold()
        return _is_ip(name) or name in (own, f"{own}.local", f"{own.partition('.')[0]}.local")

    def link_host(self) -> str:
        """What stands for the host in a link that another machine can follow."""
        if self.host not in ("0.0.0.0", "::"):
            return f"[{self.host}]" if ":" in self.host else self.host
        return _outward_address() or socket.gethostname()


def parse_address(text: str) -> ServeAddress:
    """`8000` is that port of this machine alone; `HOST:8000` listens at the host's address. Raises UsageError."""
    host, colon, port = text.rpartition(":")
    host = host if colon else _LOOPBACK
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not port.isdecimal() or not port.isascii() or int(port) > 65535 or not bare or (":" in bare and bare == host):
        remedy = "use a port such as 8000, or a host and a port such as 0.0.0.0:8000"
        raise UsageError("not an address for the page", f"--serve {text}", remedy)
    return ServeAddress(bare, int(port))


def split_host(value: str) -> str:
    """The name in a Host header, without its port and brackets."""
    if value.startswith("["):
        return value[1:].partition("]")[0]
    return value.partition(":")[0]


def _is_ip(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_loopback(name: str) -> bool:
    return _is_ip(name) and ipaddress.ip_address(name).is_loopback


def _outward_address() -> str:
    """This machine's address in its network, by which it would send something out; empty where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: connecting a datagram socket only chooses the way. The address is one for documents.
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return ""
