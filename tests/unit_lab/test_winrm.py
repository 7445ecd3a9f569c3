# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WinRM endpoint of the lab, asked by the same libraries that Ansible's connection plugins use, and once by Ansible itself."""

from __future__ import annotations

import base64
import http.client
import json
import os
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pypsrp.exceptions import AuthenticationError
from pypsrp.exceptions import WinRMError as PsrpError
from pypsrp.host import PSHost, PSHostUserInterface
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan
from requests.exceptions import ConnectionError as RequestsConnectionError
from winrm.exceptions import InvalidCredentialsError, WinRMError, WinRMTransportError, WSManFaultError
from winrm.protocol import Protocol

from lab.faults import Faults
from lab.keys import lab_authority, server_context
from lab.log import RequestLog
from lab.winrm import WinRMServer
from lab.winrm.payload import PayloadError, decode, encoded_script

NODE = "adfs1.contoso.com"
USER = "CONTOSO\\automation"
PASSWORD = "Made up, for the lab only"
POWERSHELL = "ansible.windows.win_powershell"

WINRM = [
    pytest.param("https", "basic", "auto", False, id="basic-https"),
    pytest.param("https", "ntlm", "auto", False, id="ntlm-https"),
    pytest.param("https", "ntlm", "always", True, id="ntlm-https-sealed"),
    pytest.param("http", "ntlm", "auto", True, id="ntlm-http-sealed"),
]
PSRP = [
    pytest.param("https", "basic", "auto", False, id="basic-https"),
    pytest.param("https", "negotiate", "auto", False, id="negotiate-https"),
    pytest.param("https", "ntlm", "always", True, id="ntlm-https-sealed"),
    pytest.param("http", "ntlm", "auto", True, id="ntlm-http-sealed"),
    pytest.param("http", "negotiate", "auto", True, id="negotiate-http-sealed"),
]


class Endpoint:
    """A server with a module that answers with what it was asked, and clients for it."""

    def __init__(self, authority_file: Path, context: ssl.SSLContext) -> None:
        self.authority_file = authority_file
        self.log = RequestLog()
        self.faults = Faults()
        self.calls: list[tuple[str, str, dict[str, Any], bool]] = []
        self.answer: Callable[[dict[str, Any]], dict[str, Any]] = lambda arguments: {"changed": False, "result": arguments.get("script")}
        self.server = WinRMServer(
            NODE,
            context,
            {USER: PASSWORD, "operator@contoso.com": "Another one"},
            self.run,
            self.log,
            self.faults,
            describe=lambda _module, arguments: {"script": str(arguments.get("script", ""))[:20]},
        )

    def run(self, node: str, module: str, arguments: dict[str, Any], check_mode: bool) -> dict[str, Any]:
        self.calls.append((node, module, arguments, check_mode))
        return self.answer(arguments)

    def port(self, scheme: str) -> int:
        return self.server.port if scheme == "https" else self.server.http_port

    def winrm(self, scheme: str = "https", transport: Any = "basic", encryption: str = "auto", **options: Any) -> Protocol:
        settings: dict[str, Any] = {
            "username": USER,
            "password": PASSWORD,
            "ca_trust_path": str(self.authority_file),
            "message_encryption": encryption,
            "proxy": None,
            "operation_timeout_sec": 5,
            "read_timeout_sec": 10,
            **options,
        }
        return Protocol(f"{scheme}://127.0.0.1:{self.port(scheme)}/wsman", transport=transport, **settings)

    def psrp(self, scheme: str = "https", auth: str = "basic", encryption: str = "auto", **options: Any) -> WSMan:
        settings: dict[str, Any] = {
            "username": USER,
            "password": PASSWORD,
            "cert_validation": str(self.authority_file),
            "encryption": encryption,
            "no_proxy": True,
            "operation_timeout": 5,
            "read_timeout": 10,
            **options,
        }
        return WSMan("127.0.0.1", port=self.port(scheme), ssl=scheme == "https", auth=auth, **settings)

    def operations(self) -> list[str]:
        return [entry["operation"] for entry in self.log.entries()]


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    authority = lab_authority()
    path = tmp_path_factory.mktemp("winrm") / "ca.pem"
    path.write_text(authority.pem)
    return path, server_context(authority, ("127.0.0.1",))


@pytest.fixture
def endpoint(tls: tuple[Path, ssl.SSLContext]) -> Iterator[Endpoint]:
    made = Endpoint(*tls)
    made.server.start()
    yield made
    made.server.stop()


def manifest(script: str = "1", become: tuple[str, str | None] | None = None, environment: dict[str, str] | None = None, **arguments: Any) -> str:
    """What ansible-core 2.19 and later send."""
    actions: list[dict[str, Any]] = []
    if become:
        actions.append({"name": "become_wrapper.ps1", "params": {"BecomeUser": become[0]}, "secure_params": {"BecomePassword": become[1]}})
    complex_args = {"script": script, "_ansible_check_mode": False, "_ansible_module_name": POWERSHELL, **arguments}
    parameters = {
        "Script": "ansible_collections.ansible.windows.plugins.modules.win_powershell.ps1",
        "Environment": environment or {},
        "Variables": [{"Name": "complex_args", "Value": complex_args, "Scope": "Global"}],
    }
    actions.append({"name": "module_wrapper.ps1", "params": parameters, "secure_params": {}})
    return json.dumps({"name": "exec_wrapper", "script": "..."}) + "\n\0\0\0\0\n" + json.dumps({"actions": actions})


def over_winrm(protocol: Protocol, text: str) -> tuple[str, str, int]:
    """One module as the winrm plugin runs it: input in two pieces, everything closed at the end."""
    shell = protocol.open_shell(codepage=65001)
    try:
        command = protocol.run_command(shell, "powershell", ["-NoProfile", "-EncodedCommand", "JgA="], console_mode_stdin=False)
        data = text.encode()
        protocol.send_command_input(shell, command, data[:100])
        protocol.send_command_input(shell, command, data[100:], end=True)
        output, errors, code = protocol.get_command_output(shell, command)
        protocol.cleanup_command(shell, command)
    finally:
        protocol.close_shell(shell)
    return output.decode(), errors.decode(), code


def over_psrp(wsman: WSMan, text: str) -> tuple[str, str, int]:
    """One module as the psrp plugin runs it: one object a line, the exit code by way of the host."""
    host = PSHost(None, None, False, "Test", None, PSHostUserInterface(), "1.0")
    with wsman, RunspacePool(wsman, host=host) as pool:
        pipeline = PowerShell(pool)
        pipeline.add_script("bootstrap")
        output = pipeline.invoke(input=iter_lines(text))
        return "".join(output), "".join(str(error) for error in pipeline.streams.error), host.rc or 0


def iter_lines(text: str) -> Iterator[list[str]]:
    yield text.split("\n")


@pytest.mark.parametrize(("scheme", "transport", "encryption", "sealed"), WINRM)
def test_winrm_runs_a_module(endpoint: Endpoint, scheme: str, transport: str, encryption: str, sealed: bool) -> None:
    text = manifest("Get-It ☃", parameters={"InputJson": "{}"}, _ansible_check_mode=True)
    output, errors, code = over_winrm(endpoint.winrm(scheme, transport, encryption), text)
    assert (json.loads(output), errors, code) == ({"changed": False, "result": "Get-It ☃"}, "", 0)
    [(node, module, arguments, check_mode)] = endpoint.calls
    assert (node, module, check_mode, arguments["parameters"]) == (NODE, POWERSHELL, True, {"InputJson": "{}"})
    assert endpoint.operations() == ["Create", "Command", "Send", "Send", "Receive", "Signal", "Delete"]
    create = endpoint.log.entries()[0]
    assert {key: create[key] for key in ("surface", "write", "node", "transport", "user", "authentication", "scheme", "sealed")} == {
        "surface": "winrm",
        "write": False,
        "node": NODE,
        "transport": "winrm",
        "user": USER,
        "authentication": transport,
        "scheme": scheme,
        "sealed": sealed,
    }


@pytest.mark.parametrize(("scheme", "auth", "encryption", "sealed"), PSRP)
def test_psrp_runs_a_module(endpoint: Endpoint, scheme: str, auth: str, encryption: str, sealed: bool) -> None:
    output, errors, code = over_psrp(endpoint.psrp(scheme, auth, encryption), manifest("Get-It ☃"))
    assert (json.loads(output), errors, code) == ({"changed": False, "result": "Get-It ☃"}, "", 0)
    assert [call[1] for call in endpoint.calls] == [POWERSHELL]
    assert endpoint.operations().count("Command") == 1
    create = endpoint.log.entries()[0]
    assert (create["operation"], create["transport"], create["scheme"], create["sealed"]) == ("Create", "psrp", scheme, sealed)


@pytest.mark.parametrize(("scheme", "transport", "encryption", "sealed"), WINRM)
@pytest.mark.parametrize("options", [{"password": "wrong"}, {"username": "stranger"}], ids=["password", "user"])
def test_winrm_refuses_strangers(endpoint: Endpoint, scheme: str, transport: str, encryption: str, sealed: bool, options: dict[str, str]) -> None:
    del sealed
    with pytest.raises(InvalidCredentialsError, match="the specified credentials were rejected by the server"):
        endpoint.winrm(scheme, transport, encryption, **options).open_shell()
    assert endpoint.log.entries() == []


@pytest.mark.parametrize(("scheme", "auth", "encryption", "sealed"), PSRP)
def test_psrp_refuses_a_wrong_password(endpoint: Endpoint, scheme: str, auth: str, encryption: str, sealed: bool) -> None:
    del sealed
    with pytest.raises(AuthenticationError, match="Failed to authenticate the user"):
        RunspacePool(endpoint.psrp(scheme, auth, encryption, password="wrong")).open()
    assert endpoint.log.entries() == []


def test_accounts_in_the_form_of_an_address_are_found_in_any_case(endpoint: Endpoint) -> None:
    over_winrm(endpoint.winrm("http", "ntlm", username="Operator@CONTOSO.com", password="Another one"), manifest())
    assert {entry["user"] for entry in endpoint.log.entries()} == {"operator@contoso.com"}


def test_plain_http_carries_neither_basic_nor_unsealed_messages(endpoint: Endpoint) -> None:
    with pytest.raises(InvalidCredentialsError):
        endpoint.winrm("http", "basic").open_shell()
    with pytest.raises(WinRMTransportError, match="500"):
        endpoint.winrm("http", "ntlm", "never").open_shell()
    assert endpoint.log.entries() == []


def post(endpoint: Endpoint, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    context = ssl.create_default_context(cafile=str(endpoint.authority_file))
    connection = http.client.HTTPSConnection("127.0.0.1", endpoint.server.port, timeout=10, context=context)
    try:
        connection.request("POST", "/wsman", body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_messages_that_make_no_sense_are_refused(endpoint: Endpoint) -> None:
    basic = {"Authorization": "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}
    assert post(endpoint, b"x", {})[0] == 401
    assert post(endpoint, b"x", {"Authorization": "Negotiate TlRMTVNTUAAB"})[0] == 401
    assert post(endpoint, b"x", {"Authorization": "Basic ???"})[0] == 401
    # Sealed for the security context of a connection that is no more.
    assert post(endpoint, b"--Encrypted Boundary\r\n", {"Content-Type": 'multipart/encrypted;boundary="Encrypted Boundary"'})[0] == 400
    assert post(endpoint, b"", {**basic, "Content-Length": str(64 * 1024 * 1024)})[0] == 413
    status, body = post(endpoint, b"<unfinished", basic)
    assert (status, b"no well-formed XML" in body) == (500, True)
    status, body = post(endpoint, b"<a/>", basic)
    assert (status, b"no SOAP envelope" in body) == (500, True)
    assert endpoint.calls == []


def test_a_shell_that_is_gone_gives_the_fault_of_windows(endpoint: Endpoint) -> None:
    protocol = endpoint.winrm()
    shell = protocol.open_shell()
    protocol.close_shell(shell, close_session=False)
    with pytest.raises(WSManFaultError) as caught:
        protocol.run_command(shell, "whoami")
    assert caught.value.wsman_fault_code == 2150858843


def test_commands_that_are_no_modules_fail(endpoint: Endpoint) -> None:
    protocol = endpoint.winrm()
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "whoami")
    output, errors, code = protocol.get_command_output(shell, command)
    assert (output, code) == (b"", 1)
    assert b"runs Ansible modules only" in errors
    assert b"whoami" in errors
    assert over_psrp(endpoint.psrp(), "no manifest") == (
        "",
        "The lab runs Ansible modules only, not this command: the input holds no line of four NUL characters (command: bootstrap).",
        1,
    )
    assert endpoint.calls == []


def test_large_answers_come_in_pieces(endpoint: Endpoint) -> None:
    endpoint.answer = lambda _arguments: {"result": "ä" * 150_000}
    output, _errors, code = over_winrm(endpoint.winrm("http", "ntlm"), manifest())
    assert (json.loads(output)["result"], code) == ("ä" * 150_000, 0)
    assert endpoint.operations().count("Receive") > 3
    output = over_psrp(endpoint.psrp("http", "ntlm"), manifest())[0]
    assert json.loads(output)["result"] == "ä" * 150_000


def test_a_long_run_times_out_operations_but_not_the_client(endpoint: Endpoint) -> None:
    def slowly(_arguments: dict[str, Any]) -> dict[str, Any]:
        time.sleep(1.3)
        return {"result": "late"}

    endpoint.answer = slowly
    output = over_winrm(endpoint.winrm(operation_timeout_sec=1, read_timeout_sec=3), manifest())[0]
    assert json.loads(output) == {"result": "late"}
    assert endpoint.operations().count("Receive") == 2
    output = over_psrp(endpoint.psrp(operation_timeout=1, read_timeout=3), manifest())[0]
    assert json.loads(output) == {"result": "late"}


def test_become_and_environment_are_told_without_secrets(endpoint: Endpoint) -> None:
    text = manifest(become=(USER, PASSWORD), environment={"LANG": "C", "API_TOKEN": "hush"}, sensitive_parameters=[{"name": "p", "value": "hush"}])
    assert json.loads(over_winrm(endpoint.winrm(), text)[0])["result"] == "1"
    [run] = [entry for entry in endpoint.log.entries() if entry["operation"] == "Send" and "module" in entry]
    assert (run["module"], run["become_user"], run["script"]) == (POWERSHELL, USER, "1")
    assert run["environment"] == {"LANG": "C", "API_TOKEN": "(hidden)"}
    assert "hush" not in json.dumps(endpoint.log.entries())
    assert PASSWORD not in json.dumps(endpoint.log.entries())


@pytest.mark.parametrize("become", [(USER, "wrong"), ("stranger", PASSWORD)], ids=["password", "user"])
def test_become_with_a_wrong_account_runs_nothing(endpoint: Endpoint, become: tuple[str, str]) -> None:
    output, _errors, code = over_winrm(endpoint.winrm(), manifest(become=become))
    assert json.loads(output)["failed"] is True
    assert "The user name or password is incorrect" in json.loads(output)["msg"]
    assert (code, endpoint.calls) == (1, [])


def test_an_error_of_the_lab_itself_is_seen_by_the_client_and_in_the_log(endpoint: Endpoint) -> None:
    def broken(_arguments: dict[str, Any]) -> dict[str, Any]:
        raise LookupError("the model has a hole")

    endpoint.answer = broken
    output, errors, code = over_winrm(endpoint.winrm(), manifest())
    assert (output, code) == ("", 1)
    assert "LookupError: the model has a hole" in errors
    assert [entry["error"] for entry in endpoint.log.entries() if entry["operation"] == "Error"] == ["the model has a hole"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_dropped_connection_at_create(endpoint: Endpoint, when: str) -> None:
    endpoint.faults.add({"surface": "winrm", "operation": "Create", "do": {"kind": "drop", "when": when}, "count": 2})
    with pytest.raises(RequestsConnectionError):
        endpoint.winrm().open_shell()
    with pytest.raises(RequestsConnectionError):
        RunspacePool(endpoint.psrp("http", "ntlm")).open()
    assert [entry["fault"] for entry in endpoint.log.entries()] == ["drop", "drop"]


def test_a_connection_dropped_after_the_run_leaves_the_run_done(endpoint: Endpoint) -> None:
    endpoint.faults.add({"surface": "winrm", "operation": "Receive", "node": NODE, "script": "act", "do": {"kind": "drop", "when": "after"}})
    over_winrm(endpoint.winrm(), manifest("read"))
    with pytest.raises(RequestsConnectionError):
        over_winrm(endpoint.winrm(), manifest("act"))
    over_winrm(endpoint.winrm(), manifest("act"))
    assert [call[2]["script"] for call in endpoint.calls] == ["read", "act", "act"]


def test_input_dropped_before_its_end_runs_nothing(endpoint: Endpoint) -> None:
    endpoint.faults.add({"surface": "winrm", "operation": "Send", "skip": 1, "do": "drop"})
    with pytest.raises(RequestsConnectionError):
        over_winrm(endpoint.winrm(), manifest())
    assert endpoint.calls == []


def test_a_status_instead_of_an_answer(endpoint: Endpoint) -> None:
    endpoint.faults.add({"surface": "winrm", "operation": "Create", "transport": "winrm", "do": {"kind": "status"}})
    endpoint.faults.add({"surface": "winrm", "operation": "Create", "transport": "psrp", "do": {"kind": "status", "status": 401}})
    with pytest.raises(WinRMTransportError, match="503"):
        endpoint.winrm().open_shell()
    with pytest.raises(AuthenticationError):
        RunspacePool(endpoint.psrp("http", "negotiate")).open()
    endpoint.winrm().open_shell()


def test_faults_in_the_words_of_windows(endpoint: Endpoint) -> None:
    endpoint.faults.add({"surface": "winrm", "operation": "Command", "do": {"kind": "fault", "code": 2150859174, "reason": "Too many."}, "count": 2})
    with pytest.raises(WSManFaultError, match="Too many") as caught:
        over_winrm(endpoint.winrm("http", "ntlm"), manifest())
    assert (caught.value.wsman_fault_code, caught.value.wmierror_code) == (2150859174, 0x803381A6)
    with pytest.raises(PsrpError, match=r"2150859174.*Too many"):
        over_psrp(endpoint.psrp("http", "ntlm"), manifest())
    endpoint.faults.add({"surface": "winrm", "operation": "Receive", "do": {"kind": "fault", "code": 2150858793}})
    assert over_winrm(endpoint.winrm(), manifest())[2] == 0


def test_spoiled_output(endpoint: Endpoint) -> None:
    endpoint.faults.add({"surface": "winrm", "operation": "Receive", "do": {"kind": "garbage", "text": "Oops"}, "count": 2})
    assert over_winrm(endpoint.winrm(), manifest()) == ("Oops", "", 0)
    assert over_psrp(endpoint.psrp(), manifest())[0] == "Oops"
    endpoint.faults.add({"surface": "winrm", "operation": "Receive", "do": {"kind": "truncate", "length": 9}})
    assert over_winrm(endpoint.winrm(), manifest())[0] == '{"changed'


def test_a_delay_holds_the_answer_back(endpoint: Endpoint) -> None:
    endpoint.faults.add({"surface": "winrm", "operation": "Create", "do": {"kind": "delay", "seconds": 0.5}})
    started = time.monotonic()
    endpoint.winrm().open_shell()
    assert time.monotonic() - started >= 0.5


@pytest.mark.parametrize(("kind", "problem"), [("explode", "knows no fault 'explode'"), ("garbage", "on Receive only")])
def test_a_fault_that_cannot_be_played_is_no_silent_success(endpoint: Endpoint, kind: str, problem: str) -> None:
    endpoint.faults.add({"surface": "winrm", "operation": "Create", "do": kind})
    with pytest.raises(WinRMError, match=problem):
        endpoint.winrm().open_shell()


def test_opening_a_powershell_shell_is_a_place_of_its_own_for_faults(endpoint: Endpoint) -> None:
    endpoint.faults.add({"surface": "winrm", "operation": "Open", "do": "drop"})
    with pytest.raises(RequestsConnectionError):
        over_psrp(endpoint.psrp(), manifest())
    assert endpoint.operations() == ["Create", "Receive"]


def test_stop_is_prompt_while_a_client_waits(endpoint: Endpoint) -> None:
    release = threading.Event()
    endpoint.answer = lambda _arguments: {"released": release.wait(20)}
    problems: list[BaseException] = []

    def wait() -> None:
        try:
            over_winrm(endpoint.winrm(), manifest())
        except (RequestsConnectionError, WinRMError) as error:
            problems.append(error)

    client = threading.Thread(target=wait)
    client.start()
    deadline = time.monotonic() + 10
    while not endpoint.calls and time.monotonic() < deadline:
        time.sleep(0.01)
    started = time.monotonic()
    endpoint.server.stop()
    assert time.monotonic() - started < 2
    client.join(timeout=10)
    release.set()
    assert not client.is_alive()
    assert problems


def test_no_account_file_is_left_behind(endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    over_winrm(endpoint.winrm("http", "ntlm"), manifest())
    assert list(tmp_path.iterdir()) == []
    assert "NTLM_USER_FILE" not in os.environ


def test_the_older_payload(endpoint: Endpoint) -> None:
    payload = {
        "module_args": {"script": "old", "_ansible_check_mode": True, "_ansible_module_name": "win_powershell"},
        "actions": ["become_wrapper", "module_powershell_wrapper"],
        "become_user": "SYSTEM",
        "become_password": None,
        "environment": [{"A": "1"}, {"B": "2"}],
    }
    text = "param($x)\nWrite-Output '{'\n\n\0\0\0\0" + json.dumps(payload)
    call = decode(text)
    assert (call.generation, call.module, call.check_mode, call.become_user) == ("2.16", POWERSHELL, True, "SYSTEM")
    assert call.environment == {"A": "1", "B": "2"}
    assert json.loads(over_winrm(endpoint.winrm(), text)[0])["result"] == "old"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no line of four NUL"),
        ("{}\n\0\0\0\0\n{", "the manifest is no JSON"),
        ("{}\n\0\0\0\0\n{}", "holds no actions"),
        ('{}\n\0\0\0\0\n{"actions": [{"name": "winrm_put_file.ps1", "params": {"Path": "x"}}]}', "winrm_put_file.ps1, which is no module"),
        ("script\n\0\0\0\0{}", "holds no module_args"),
        ("script\n\0\0\0\0[]", "is no JSON object"),
    ],
)
def test_what_is_no_module_call(text: str, problem: str) -> None:
    with pytest.raises(PayloadError, match=problem):
        decode(text)


def test_asynchronous_tasks_fail(endpoint: Endpoint) -> None:
    text = manifest().replace('"actions": [', '"actions": [{"name": "async_wrapper.ps1", "params": {}}, ')
    assert "asynchronous" in json.loads(over_winrm(endpoint.winrm(), text)[0])["msg"]
    assert endpoint.calls == []


def test_scripts_encoded_once_or_twice_are_told_apart() -> None:
    def encoded(script: str) -> str:
        return "PowerShell -NoProfile -EncodedCommand " + base64.b64encode(script.encode("utf-16-le")).decode()

    assert encoded_script(encoded("Get-Date")) == "Get-Date"
    assert encoded_script(encoded(encoded("Get-Date"))) == "Get-Date"
    assert encoded_script("whoami") is None


def test_ansible_itself(endpoint: Endpoint, tmp_path: Path) -> None:
    common = {"ansible_host": "127.0.0.1", "ansible_user": USER, "ansible_password": PASSWORD}
    hosts = {
        "by_winrm": {
            **common,
            "ansible_connection": "winrm",
            "ansible_port": endpoint.server.port,
            "ansible_winrm_transport": "basic",
            "ansible_winrm_ca_trust_path": str(endpoint.authority_file),
        },
        "by_psrp": {
            **common,
            "ansible_connection": "psrp",
            "ansible_port": endpoint.server.http_port,
            "ansible_psrp_protocol": "http",
            "ansible_psrp_auth": "ntlm",
        },
    }
    hosts["stranger"] = {**hosts["by_winrm"], "ansible_password": "wrong"}
    (tmp_path / "inventory.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    task = {
        "ansible.windows.win_powershell": {"script": "Get-It", "parameters": {"InputJson": '{"n": "ä☃"} '}},
        "environment": {"LANG": "C"},
        "become": True,
        "become_method": "ansible.builtin.runas",
        "become_user": USER,
        "vars": {"ansible_become_password": PASSWORD},
        "register": "reply",
    }
    claim = {"ansible.builtin.assert": {"that": ["reply.result == 'Get-It'"]}}
    (tmp_path / "play.json").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [task, claim]}]))
    environment = {**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_HOME": str(tmp_path), "no_proxy": "127.0.0.1"}
    command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", str(tmp_path / "inventory.json"), str(tmp_path / "play.json"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, env=environment, check=False)
    assert done.returncode == 4, done.stdout + done.stderr
    for host in ("by_winrm", "by_psrp"):
        assert f"{host:27}: ok=2" in done.stdout, done.stdout + done.stderr
    assert "the specified credentials were rejected by the server" in done.stdout
    assert len(endpoint.calls) == 2
    for _node, module, arguments, check_mode in endpoint.calls:
        assert (module, check_mode, arguments["parameters"]) == (POWERSHELL, True, {"InputJson": '{"n": "ä☃"} '})
    runs = [entry for entry in endpoint.log.entries() if entry["operation"] == "Send" and "module" in entry]
    assert sorted((run["transport"], run["become_user"], run["environment"]["LANG"]) for run in runs) == [("psrp", USER, "C"), ("winrm", USER, "C")]
    assert endpoint.log.counters()["winrm.Command"] == 2
