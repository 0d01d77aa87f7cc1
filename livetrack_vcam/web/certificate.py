"""The certificate of the encrypted listener: made here, signed by nobody else.

A phone gives its camera only to pages that come encrypted, and no authority certifies an address
in a home network; so the browser warns once, and its user goes on.
"""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import logging
import os
import socket
import ssl
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from livetrack_vcam.errors import SinkBusyError
from livetrack_vcam.web.private_file import write_private

log = logging.getLogger(__name__)

FILE = "https.pem"
LIFETIME = datetime.timedelta(days=397)
"""Safari refuses what is valid for longer than 398 days."""
RENEW_BEFORE = datetime.timedelta(days=30)
BACKDATED = datetime.timedelta(days=1)
"""The phone's clock may be behind."""


def ensure_certificate(
    folder: Path, hosts: Sequence[str], now: datetime.datetime | None = None
) -> Path:
    """The file with certificate and key, good for `hosts` (names and addresses).

    It is made anew when there is none, when it ends within RENEW_BEFORE, when a host is missing in
    it, or when others could read its key. One that is no certificate of ours is kept beside it
    under another name. Raises SinkBusyError when it cannot be written.
    """
    now = now or datetime.datetime.now(datetime.UTC)
    path = folder / FILE
    try:
        if not _is_good(path, hosts, now):
            write_private(path, make_certificate(hosts, now))
    except OSError as error:
        raise SinkBusyError(
            f"the certificate for https cannot be written to {path} ({error.strerror}); make that "
            "folder writable, or name another one with LIVETRACK_CONFIG_DIR"
        ) from error
    return path


def server_context(path: Path) -> ssl.SSLContext:
    """What a listener needs to speak TLS with the certificate in the file."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(path)
    return context


def own_hosts(addresses: Sequence[str]) -> tuple[str, ...]:
    """Every name and address by which this machine may be called."""
    machine = socket.gethostname().lower()
    names = ("localhost", machine, f"{machine}.local", "127.0.0.1", "::1")
    return tuple(dict.fromkeys((*names, *addresses)))


def make_certificate(hosts: Sequence[str], now: datetime.datetime) -> bytes:
    """A new key and its self-signed certificate, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "LiveTrack"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"LiveTrack on {socket.gethostname()}"[:64]),
        ]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now - BACKDATED + LIFETIME)
        .add_extension(x509.SubjectAlternativeName(_alternatives(hosts)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def _alternatives(hosts: Sequence[str]) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = []
    for host in hosts:
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            # A name that DNS cannot have is no way to call this machine.
            with contextlib.suppress(ValueError, UnicodeError):
                names.append(x509.DNSName(host.encode("idna").decode("ascii")))
    return names


def _is_good(path: Path, hosts: Sequence[str], now: datetime.datetime) -> bool:
    """Whether the file can go on being used; a broken one is put aside."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return False
    except IsADirectoryError:
        data = b""
    try:
        certificate = x509.load_pem_x509_certificate(data)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        server_context(path)
    except (ValueError, x509.ExtensionNotFound, ssl.SSLError):
        _put_aside(path)
        return False
    if os.name == "posix" and path.stat().st_mode & 0o077:
        return False
    fresh = certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - RENEW_BEFORE
    return fresh and set(_alternatives(hosts)) <= set(names)


def _put_aside(path: Path) -> None:
    aside = path
    number = 0
    while os.path.lexists(aside):
        number += 1
        aside = path.with_name(f"{path.name}.broken-{number}")
    path.rename(aside)
    log.warning(
        "%s was no certificate with its key and is kept as %s; a new one was made, so browsers "
        "warn once more",
        path,
        aside.name,
    )
