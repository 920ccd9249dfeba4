"""A certificate for the page that this machine signs itself; browsers warn of it once, and encrypt from then on."""

import datetime
import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deeplab_cv.errors import UsageError
from deeplab_cv.machine.cache import cache_folder, write_cached
from deeplab_cv.machine.installed import how_to_install

if TYPE_CHECKING:
    from cryptography.x509 import GeneralName

_DAYS = 397
"""No browser takes one that holds for longer."""


@dataclass(frozen=True)
class Certificate:
    """Files of a certificate and its key, PEM."""

    certificate: Path
    key: Path


def self_signed(hosts: Sequence[str]) -> Certificate:
    """A certificate for these names and addresses, made at the first time and kept for the runs that follow.

    Raises UserError where it cannot be written, UsageError where the package that makes it is missing.
    """
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError:
        raise UsageError("a package of the page is missing", "cryptography", how_to_install("web")) from None

    folder = cache_folder("page")
    kept = folder / "certificate.pem"
    now = datetime.datetime.now(datetime.timezone.utc)
    names = _names(hosts)
    if kept.exists():
        try:
            pem = kept.read_bytes()
            old = x509.load_pem_x509_certificate(pem)
            held = old.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            fits = list(held) == [_general_name(name) for name in names]
            if fits and old.not_valid_after_utc > now + datetime.timedelta(days=7):
                return Certificate(kept, kept)
        except (ValueError, OSError, x509.ExtensionNotFound):
            pass
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "deeplab-cv")])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=_DAYS - 1))
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

    def write(path: Path) -> None:
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_bytes(pem)

    written = write_cached("page", kept.name, write)
    return Certificate(written, written)


def _names(hosts: Sequence[str]) -> list[str]:
    own = socket.gethostname()
    return list(dict.fromkeys(["localhost", "127.0.0.1", "::1", own, f"{own.partition('.')[0]}.local", *hosts]))


def _general_name(name: str) -> "GeneralName":
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
