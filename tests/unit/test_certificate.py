"""The certificate of the encrypted listener: what it covers, how long it lives, who may read it."""

from __future__ import annotations

import datetime
import ipaddress
import logging
import os
import ssl
from pathlib import Path

import pytest
from cryptography import x509

from livetrack_vcam.errors import SinkBusyError
from livetrack_vcam.web.certificate import (
    FILE,
    LIFETIME,
    RENEW_BEFORE,
    ensure_certificate,
    own_hosts,
    server_context,
)

NOW = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)
HOSTS = own_hosts(("192.0.2.7", "fd00::7"))


def loaded(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_it_covers_every_name_and_address_of_this_machine(tmp_path: Path) -> None:
    certificate = loaded(ensure_certificate(tmp_path / "new", HOSTS, NOW))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "localhost" in names.get_values_for_type(x509.DNSName)
    addresses = names.get_values_for_type(x509.IPAddress)
    for text in ("127.0.0.1", "::1", "192.0.2.7", "fd00::7"):
        assert ipaddress.ip_address(text) in addresses


def test_browsers_take_its_form(tmp_path: Path) -> None:
    certificate = loaded(ensure_certificate(tmp_path, HOSTS, NOW))
    lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert lifetime <= datetime.timedelta(days=398)
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert x509.oid.ExtendedKeyUsageOID.SERVER_AUTH in usage
    assert certificate.not_valid_before_utc < NOW


def test_a_client_that_trusts_it_connects_by_each_address(tmp_path: Path) -> None:
    path = ensure_certificate(tmp_path, HOSTS)
    for host in ("localhost", "192.0.2.7"):
        trusting = ssl.create_default_context(cafile=path)
        assert handshake(server_context(path), trusting, host) in ("TLSv1.3", "TLSv1.2")
    trusting = ssl.create_default_context(cafile=path)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(server_context(path), trusting, "192.0.2.8")


def handshake(server: ssl.SSLContext, client: ssl.SSLContext, host: str) -> str | None:
    """The TLS version that both agree on, in memory."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(down, up, server_hostname=host)
    answering = server.wrap_bio(up, down, server_side=True)
    open_ends = [asking, answering]
    for _ in range(8):
        for end in list(open_ends):
            try:
                end.do_handshake()
                open_ends.remove(end)
            except ssl.SSLWantReadError:
                pass
    assert not open_ends
    return asking.version()


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_nobody_else_can_read_its_key(tmp_path: Path) -> None:
    path = ensure_certificate(tmp_path, HOSTS, NOW)
    assert path.stat().st_mode & 0o077 == 0
    before = path.read_bytes()
    path.chmod(0o644)
    assert ensure_certificate(tmp_path, HOSTS, NOW).read_bytes() != before
    assert path.stat().st_mode & 0o077 == 0
    assert [each.name for each in tmp_path.iterdir()] == [FILE]


def test_it_stays_while_it_is_good(tmp_path: Path) -> None:
    before = ensure_certificate(tmp_path, HOSTS, NOW).read_bytes()
    later = NOW + LIFETIME - RENEW_BEFORE - 2 * DAY
    assert ensure_certificate(tmp_path, HOSTS[:-1], later).read_bytes() == before


@pytest.mark.parametrize(
    ("hosts", "now"),
    [
        ((*HOSTS, "192.0.2.99"), NOW),
        (HOSTS, NOW + LIFETIME - RENEW_BEFORE + DAY),
        (HOSTS, NOW - 30 * DAY),
    ],
    ids=["another address", "soon over", "from the future"],
)
def test_it_is_made_anew_when_it_is_not(
    tmp_path: Path, hosts: tuple[str, ...], now: datetime.datetime
) -> None:
    before = ensure_certificate(tmp_path, HOSTS, NOW).read_bytes()
    assert ensure_certificate(tmp_path, hosts, now).read_bytes() != before
    assert ensure_certificate(tmp_path, hosts, now).read_bytes() == (tmp_path / FILE).read_bytes()


@pytest.mark.parametrize("broken", [b"", b"garbage", b"\x00" * 4096, "half", "other key"])
def test_a_broken_one_is_kept_aside_and_said(
    tmp_path: Path, broken: bytes | str, caplog: pytest.LogCaptureFixture
) -> None:
    path = ensure_certificate(tmp_path, HOSTS, NOW)
    if broken == "half":
        broken = path.read_bytes()[:-200]
    elif broken == "other key":
        other = ensure_certificate(tmp_path / "other", HOSTS, NOW).read_bytes()
        end = b"-----END PRIVATE KEY-----\n"
        broken = other.partition(end)[0] + end + path.read_bytes().partition(end)[2]
    assert isinstance(broken, bytes)
    path.write_bytes(broken)
    with caplog.at_level(logging.WARNING):
        server_context(ensure_certificate(tmp_path, HOSTS, NOW))
    assert "kept as https.pem.broken-1" in caplog.text
    assert (tmp_path / "https.pem.broken-1").read_bytes() == broken
    path.write_bytes(broken)
    ensure_certificate(tmp_path, HOSTS, NOW)
    assert (tmp_path / "https.pem.broken-2").exists()


def test_a_folder_in_its_place_is_put_aside_too(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    server_context(ensure_certificate(tmp_path, HOSTS, NOW))


def test_where_it_cannot_be_written_one_sentence_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(SinkBusyError, match="LIVETRACK_CONFIG_DIR"):
        ensure_certificate(tmp_path / "file" / "below", HOSTS, NOW)


def test_a_host_name_that_dns_cannot_have_does_no_harm(tmp_path: Path) -> None:
    odd = (*HOSTS, "ein name", "ü" * 80, "under_score", "한국")
    path = ensure_certificate(tmp_path, odd, NOW)
    assert ensure_certificate(tmp_path, odd, NOW).read_bytes() == path.read_bytes()
