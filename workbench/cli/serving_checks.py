"""Options that all processes which serve have in common: files for TLS, proxies, the format of logs."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from ipaddress import ip_network
from pathlib import Path

from workbench.errors import ConfigError


def check_log_format(given: str) -> None:
    """Refuse a format of logs that there is not."""
    if given not in ("", "json", "text"):
        raise ConfigError(f"is {given!r}, expected json or text", "--log-format")


def check_files(certificate: Path | None, private_key: Path | None) -> None:
    """Refuse files for TLS that are not there, are not both given, or cannot be used."""
    for given, option in ((certificate, "--certificate"), (private_key, "--private-key")):
        if given is not None and not given.is_file():
            raise ConfigError(f"there is no file {given}", option)
    if (certificate is None) != (private_key is None):
        raise ConfigError("a certificate and its key go together", "--certificate", "give --private-key too")
    if certificate is not None and private_key is not None:
        check_certificate(certificate, private_key)


def proxies_of(given: Iterable[str]) -> tuple[str, ...]:
    """Addresses of proxies, or networks of them."""
    proxies = tuple(proxy.strip() for proxy in given)
    for proxy in proxies:
        try:
            ip_network(proxy, strict=False)
        except ValueError:
            if proxy != "*":
                raise ConfigError(
                    f"is {proxy!r}, expected an address such as 10.0.0.2 or a network such as 10.0.0.0/8",
                    "--proxy",
                ) from None
    return proxies


def check_certificate(certificate: Path, key: Path) -> None:
    """Refuse a certificate and a key that TLS cannot be served with.

    Raises
    ------
    ConfigError
        Which of the two files is wrong, and what is expected in it.
    """
    expected = (
        (certificate, "--certificate", b"-----BEGIN CERTIFICATE-----", "a certificate in PEM"),
        (key, "--private-key", b"PRIVATE KEY-----", "a private key in PEM"),
    )
    for file, option, mark, what in expected:
        try:
            if mark not in file.read_bytes():
                raise ConfigError(f"{file} holds no {what.removeprefix('a ')}", option, f"give {what}")
        except OSError as error:
            raise ConfigError(f"{file} cannot be read: {error.strerror or error}", option) from None
    try:
        # A key that needs a password must not ask for it on the terminal of a server.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=lambda: b"")
    except (ssl.SSLError, ValueError) as error:
        if getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
            raise ConfigError(f"{key} is not the key of {certificate}", "--private-key") from None
        raise ConfigError(
            f"{certificate} and {key} cannot be used for TLS",
            "--certificate",
            "give a whole certificate in PEM, and its key without a password",
        ) from None
