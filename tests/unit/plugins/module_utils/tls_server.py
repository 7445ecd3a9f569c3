# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TLS server on 127.0.0.1 that behaves as one test tells it to, well or badly."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import pathlib
import socket
import ssl
import threading
import typing as t

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Handler = t.Callable[[ssl.SSLSocket, bytes], None]


class Authority:
    """A certificate authority that issues server certificates into a folder."""

    def __init__(self, folder: pathlib.Path, name: str = "Test CA") -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        identifier = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        self._authority_identifier = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
        builder = self._builder(self._name, self._key).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        certificate = builder.add_extension(usage, critical=True).add_extension(identifier, critical=False).sign(self._key, hashes.SHA256())
        self.path = folder / f"{name}.pem"
        self.path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def context(self, *names: str, expired: bool = False) -> ssl.SSLContext:
        """Return a server context with a fresh certificate for ``names``."""
        key = ec.generate_private_key(ec.SECP256R1())
        alternatives = [x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name) for name in names]
        builder = self._builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]), key, expired)
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False).add_extension(self._authority_identifier, critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        path = self.folder / "server.pem"
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, expired: bool = False) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.timezone.utc)
        end = now - datetime.timedelta(days=1) if expired else now + datetime.timedelta(days=2)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key.public_key())
        return builder.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=9)).not_valid_after(end)


class Server:
    """Accepts connections until it is closed; keeps what clients said: server names, request heads, and when they left."""

    def __init__(self, context: ssl.SSLContext, handler: Handler) -> None:
        self.server_names: list[str | None] = []
        self.requests: list[bytes] = []
        self.client_left = threading.Event()
        self._handler = handler
        self._context = context
        context.sni_callback = lambda _socket, name, _context: self.server_names.append(name)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(20)
            try:
                with self._context.wrap_socket(connection, server_side=True) as tls:
                    head = b""
                    while b"\r\n\r\n" not in head:
                        piece = tls.recv(4096)
                        if not piece:
                            return
                        head += piece
                    self.requests.append(head)
                    self._handler(tls, head)
            except OSError:
                self.client_left.set()  # the client refused the certificate or hung up

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def answer(body: bytes, status: str = "200 OK", headers: str = "", length: int | None = None) -> Handler:
    """Return a handler for one plain answer; ``length`` states another Content-Length than the true one."""
    head = f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body) if length is None else length}\r\n\r\n"
    return lambda tls, _request: tls.sendall(head.encode("latin-1") + body)
