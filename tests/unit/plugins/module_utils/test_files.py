# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever option names a file: a pipe or a device there is an error at once."""

from __future__ import annotations

import os
import signal

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._entra.credentials import ClientCertificate, WorkloadIdentity
from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import EntraError, OptionsError
from ansible_collections.federation.adfs.plugins.module_utils._entra.options import merge_options
from ansible_collections.federation.adfs.plugins.module_utils._entra.transport import Transport
from ansible_collections.federation.adfs.plugins.module_utils._files import SpecialFileError, read_regular, refuse_special
from ansible_collections.federation.adfs.plugins.module_utils._metadata_fetch import FetchError, Target, fetch_all
from ansible_collections.federation.adfs.plugins.module_utils._x509 import CertificateError, read_certificate_input

ID = "8a1c5e0f-3b52-4c0d-9d2e-6f1f0c7b9a11"


@pytest.fixture(autouse=True)
def no_wait():
    """A test that waits for a pipe ends here."""

    def hangs(*_args):
        raise AssertionError("it waits for the pipe")

    before = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(5)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(params=["pipe", "device"])
def special(request, tmp_path):
    if request.param == "device":
        return "/dev/zero"
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return str(path)


def test_a_file_is_read_up_to_one_byte_more_than_the_limit(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert (read_regular(str(path), 10), read_regular(str(path), 4), read_regular(str(path), 3)) == (b"12345", b"12345", b"1234")
    refuse_special(str(path))
    refuse_special(str(tmp_path))
    with pytest.raises(IsADirectoryError):
        read_regular(str(tmp_path), 10)
    with pytest.raises(FileNotFoundError):
        refuse_special(str(tmp_path / "none"))


def test_a_pipe_and_a_device_are_no_files(special):
    with pytest.raises(SpecialFileError, match="no file but a device, a pipe or a socket"):
        read_regular(special, 10)
    with pytest.raises(SpecialFileError):
        refuse_special(special)


def settings(**options):
    return merge_options({"tenant_id": ID, "client_id": ID, **options}, {})


def test_no_option_waits_for_a_pipe(special):
    with pytest.raises(OptionsError, match=r"client_certificate_path .* it is no file"):
        ClientCertificate(settings(client_certificate_path=special)).validate()
    with pytest.raises(OptionsError, match=r"federated_token_file .* it is no file"):
        WorkloadIdentity(settings(federated_token_file=special)).validate()
    with pytest.raises(OptionsError, match=r"ca_path .* \(it is no file"):
        settings(client_secret="secret", ca_path=special)
    with pytest.raises(FetchError, match=r"from ca_path.*it is no file"):
        fetch_all([Target("https://127.0.0.1:9/")], 1, 100, special)
    with pytest.raises(CertificateError, match="it is no file"):
        read_certificate_input(special)


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_no_bundle_of_the_environment_waits_for_a_pipe(variable, special, monkeypatch):
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, special)
    with pytest.raises(EntraError, match=rf"{variable}.*: it is no file"):
        Transport(1, None)
    Transport(1, "/etc").close()  # ca_path wins
    with pytest.raises(FetchError, match=r"from REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE.*it is no file"):
        fetch_all([Target("https://127.0.0.1:9/")], 1, 100)
