# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may talk to the endpoint: Basic over TLS, NTLM bare or inside Negotiate, and WinRM's sealed messages."""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import struct
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import spnego
from spnego.exceptions import SpnegoError

_BOUNDARY: Final = b"--Encrypted Boundary"
_PROTOCOL: Final = "application/HTTP-SPNEGO-session-encrypted"
_SEALED_TYPE: Final = f'multipart/encrypted;protocol="{_PROTOCOL}";boundary="Encrypted Boundary"'
_OCTETS: Final = b"\tContent-Type: application/octet-stream\r\n"
_PLAIN: Final = "type=application/soap+xml;charset=UTF-8;Length="
# pyspnego takes its accounts from a file that an environment variable names, so only one server of this process at a time may step.
_NTLM_USER_FILE: Final = "NTLM_USER_FILE"
_environment_lock = threading.Lock()


class SealError(Exception):
    """A sealed message can't be opened with this connection's security context."""


class Accounts:
    """The accounts of one machine; names are compared without regard to case, as Windows does."""

    def __init__(self, users: Mapping[str, str]) -> None:
        for name, password in users.items():
            if any(character in name + password for character in ":\r\n"):
                raise ValueError(f"the name or password of the lab's account {name!r} holds a colon or a line break, which NTLM_USER_FILE can't hold")
        self._users = {name.casefold(): (name, password) for name, password in users.items()}

    def check(self, name: str, password: str) -> str | None:
        """Return the account's name as it was set up if the password is right, else None."""
        known, expected = self._users.get(name.casefold(), ("", ""))
        right = hmac.compare_digest(password.encode("utf-8"), expected.encode("utf-8"))
        return known if known and right else None

    def known(self, name: str) -> str | None:
        """Return the account's name as it was set up, or None."""
        return self._users.get(name.casefold(), (None, ""))[0]

    @contextmanager
    def for_spnego(self) -> Iterator[None]:
        """Let pyspnego see these accounts and no others. The file is there for that moment only, so that a killed lab leaves none behind."""
        with _environment_lock, tempfile.TemporaryDirectory(prefix="lab-winrm-") as folder:
            path = Path(folder) / "users"
            path.write_text("".join(_user_line(name, password) for name, password in self._users.values()), encoding="utf-8")
            before = os.environ.get(_NTLM_USER_FILE)
            os.environ[_NTLM_USER_FILE] = str(path)
            try:
                yield
            finally:
                if before is None:
                    del os.environ[_NTLM_USER_FILE]
                else:
                    os.environ[_NTLM_USER_FILE] = before


@dataclass(frozen=True)
class Verdict:
    """Whether the request may go on, as whom, and which WWW-Authenticate headers go with the answer."""

    user: str | None
    method: str = ""
    headers: tuple[str, ...] = ()


class Authentication:
    """Authentication of one connection; NTLM belongs to the connection, Basic to each request."""

    def __init__(self, accounts: Accounts, secure: bool) -> None:
        self._accounts = accounts
        self._offers = ("Negotiate", 'Basic realm="WSMAN"') if secure else ("Negotiate",)
        self._secure = secure
        self._context: spnego.ContextProxy | None = None
        self._user: str | None = None

    def check(self, header: str | None) -> Verdict:
        """Judge the Authorization header of a request; without one, a connection that has authenticated stays so."""
        if not header:
            return Verdict(self._user, "ntlm") if self._user is not None else Verdict(None, headers=self._offers)
        scheme, _separator, text = header.partition(" ")
        try:
            data = base64.b64decode(text.strip(), validate=True)
        except binascii.Error:
            return self._refuse()
        if scheme.lower() == "basic" and self._secure:
            name, _separator, password = data.decode("utf-8", "replace").partition(":")
            user = self._accounts.check(name, password)
            return Verdict(user, "basic") if user is not None else self._refuse()
        if scheme.lower() in ("negotiate", "ntlm"):
            return self._step(scheme, data)
        return self._refuse()

    def unseal(self, message: bytes) -> bytes:
        """Open a sealed request; raises SealError."""
        if self._user is None or self._context is None:
            raise SealError("the connection has no security context")
        header, found, rest = message.removeprefix(_BOUNDARY + b"\r\n").partition(_BOUNDARY + b"\r\n" + _OCTETS)
        if not found or not rest.endswith(_BOUNDARY + b"--\r\n") or _PROTOCOL.encode() not in header:
            raise SealError("the message is no sealed message")
        sealed = rest[: -len(_BOUNDARY + b"--\r\n")]
        if len(sealed) < 4:
            raise SealError("the sealed part is cut off")
        length = struct.unpack_from("<I", sealed)[0]
        if length > len(sealed) - 4:
            raise SealError("the signature is cut off")
        try:
            plain = self._context.unwrap_winrm(sealed[4 : 4 + length], sealed[4 + length :])
        except SpnegoError as error:
            raise SealError(f"the seal is broken: {error}") from error
        if header.rsplit(b"Length=", 1)[-1].strip() != str(len(plain)).encode():
            raise SealError("the message has not the announced length")
        return plain

    def seal(self, message: bytes) -> tuple[str, bytes]:
        """Seal an answer; return its content type and body."""
        if self._context is None:
            raise SealError("the connection has no security context")
        sealed = self._context.wrap_winrm(message)
        announcement = f"\tContent-Type: {_PROTOCOL}\r\n\tOriginalContent: {_PLAIN}{len(message) + sealed.padding_length}\r\n".encode()
        content = struct.pack("<I", len(sealed.header)) + sealed.header + sealed.data
        return _SEALED_TYPE, b"".join((_BOUNDARY, b"\r\n", announcement, _BOUNDARY, b"\r\n", _OCTETS, content, _BOUNDARY, b"--\r\n"))

    def _step(self, scheme: str, token: bytes) -> Verdict:
        with self._accounts.for_spnego():
            try:
                if self._context is None or self._context.complete:
                    self._user = None
                    self._context = _new_context(token)
                answer = self._context.step(token)
            except Exception:  # noqa: BLE001 - a damaged token makes the library raise almost anything; all refusals look the same from outside
                return self._refuse()
        challenge = f"{scheme} {base64.b64encode(answer).decode('ascii')}" if answer else ""
        if not self._context.complete:
            return Verdict(None, headers=(challenge,) if challenge else self._offers)
        self._user = self._accounts.known(self._context.client_principal or "")
        if self._user is None:
            return self._refuse()
        return Verdict(self._user, self._context.negotiated_protocol or "ntlm", (challenge,) if challenge else ())

    def _refuse(self) -> Verdict:
        self._context = None
        self._user = None
        return Verdict(None, headers=self._offers)


def _user_line(name: str, password: str) -> str:
    domain, _separator, user = name.rpartition("\\")
    return f"{domain}:{user}:{password}\n"


def _new_context(token: bytes) -> spnego.ContextProxy:
    """Accept NTLM with or without the Negotiate wrapping around it, as Windows does under the name Negotiate; always by the library's own code."""
    if token.startswith(b"NTLMSSP\0"):
        return spnego.server(protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
    return spnego.server(protocol="negotiate", options=spnego.NegotiateOptions.use_negotiate)


def is_sealed(content_type: str) -> bool:
    """Whether a request's body is a sealed message."""
    return content_type.lower().startswith("multipart/encrypted")
