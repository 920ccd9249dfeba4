import datetime
import stat

import pytest

x509 = pytest.importorskip("cryptography.x509", reason="no cryptography here: requirements-web.txt")

from deeplab_cv.page.certificate import self_signed


def read(certificate):
    return x509.load_pem_x509_certificate(certificate.certificate.read_bytes())


def names_in(certificate):
    names = read(certificate).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(each.value) for each in names]


def test_a_certificate_is_for_this_machine_s_names_and_the_ones_given():
    names = names_in(self_signed(["192.168.1.5", "box.lan"]))

    assert {"localhost", "127.0.0.1", "192.168.1.5", "box.lan"} <= set(names)


def test_it_is_kept_so_that_a_browser_has_to_be_told_once():
    assert read(self_signed(["box.lan"])) == read(self_signed(["box.lan"]))


def test_another_name_needs_another_one():
    assert read(self_signed(["box.lan"])) != read(self_signed(["other.lan"]))


def test_a_damaged_one_is_made_anew():
    file = self_signed([]).certificate
    file.write_bytes(b"-----BEGIN nonsense")

    assert "localhost" in names_in(self_signed([]))


def test_no_browser_finds_it_too_long_and_nobody_else_reads_its_key():
    certificate = self_signed([])
    made = read(certificate)

    assert made.not_valid_after_utc - made.not_valid_before_utc <= datetime.timedelta(days=398)
    assert stat.S_IMODE(certificate.key.stat().st_mode) == 0o600
