# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arm L: the bound. The fewest calls that read and write the same, over one connection each, without any library but Python's own."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import sys
import urllib.parse
import uuid
from typing import Any
from xml.etree import ElementTree

from arms import SCRIPT, lab_of, out, port, publish, roles

SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
ACTIONS = {
    "Create": "http://schemas.xmlsoap.org/ws/2004/09/transfer/Create",
    "Delete": "http://schemas.xmlsoap.org/ws/2004/09/transfer/Delete",
    "Command": f"{SHELL}/Command",
    "Receive": f"{SHELL}/Receive",
}
ENVELOPE = """<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" \
xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:r="{shell}"><s:Header><a:To>{to}</a:To><a:ReplyTo>\
<a:Address s:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo>\
<w:MaxEnvelopeSize s:mustUnderstand="true">153600</w:MaxEnvelopeSize><a:MessageID>uuid:{message}</a:MessageID>\
<w:ResourceURI s:mustUnderstand="true">{shell}/cmd</w:ResourceURI><a:Action s:mustUnderstand="true">{action}</a:Action>\
<w:OperationTimeout>PT20S</w:OperationTimeout>{selector}</s:Header><s:Body>{body}</s:Body></s:Envelope>"""


class WinRM:
    """One connection to the primary server and one command shell."""

    def __init__(self, lab: dict[str, Any], context: ssl.SSLContext) -> None:
        self._connection = http.client.HTTPSConnection("127.0.0.1", port(lab), context=context, timeout=60)
        credential = base64.b64encode(f"{lab['user']}:{lab['password']}".encode()).decode()
        self._headers = {"Authorization": f"Basic {credential}", "Content-Type": "application/soap+xml;charset=UTF-8"}
        self._to = f"https://127.0.0.1:{port(lab)}/wsman"
        self._selector = ""

    def ask(self, action: str, body: str) -> ElementTree.Element:
        """Send one message and return the answer."""
        values = {"to": self._to, "message": uuid.uuid4(), "shell": SHELL, "action": ACTIONS[action], "selector": self._selector, "body": body}
        self._connection.request("POST", "/wsman", ENVELOPE.format(**values).encode(), self._headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise SystemExit(f"WinRM: {answer.status} {content[:400]!r}")
        return ElementTree.fromstring(content)  # noqa: S314 - the lab's own answer

    def run(self, script: str) -> str:
        """Run a script and return what it wrote."""
        created = self.ask("Create", "<r:Shell><r:InputStreams>stdin</r:InputStreams><r:OutputStreams>stdout stderr</r:OutputStreams></r:Shell>")
        shell = created.findtext(f".//{{{SHELL}}}ShellId")
        self._selector = f'<w:SelectorSet><w:Selector Name="ShellId">{shell}</w:Selector></w:SelectorSet>'
        encoded = base64.b64encode(script.encode("utf-16-le")).decode()
        started = self.ask("Command", f"<r:CommandLine><r:Command>powershell -NoProfile -NonInteractive -EncodedCommand {encoded}</r:Command></r:CommandLine>")
        command = started.findtext(f".//{{{SHELL}}}CommandId")
        output = b""
        while True:
            answer = self.ask("Receive", f'<r:Receive><r:DesiredStream CommandId="{command}">stdout stderr</r:DesiredStream></r:Receive>')
            output += b"".join(base64.b64decode(stream.text or "") for stream in answer.iter(f"{{{SHELL}}}Stream") if stream.get("Name") == "stdout")
            state = answer.find(f".//{{{SHELL}}}CommandState")
            if state is not None and str(state.get("State")).endswith("/Done"):
                break
        self.ask("Delete", "")
        self._connection.close()
        return output.decode()


def main() -> None:
    """Read AD FS with one command, read and write Entra in batches over one connection."""
    lab = lab_of(sys.argv[1])
    context = ssl.create_default_context(cafile=lab["ca_path"])
    primary, successor = roles(WinRM(lab, context).run(SCRIPT))
    host = urllib.parse.urlsplit(lab["graph_url"]).netloc
    graph = http.client.HTTPSConnection(host, context=context, timeout=60)

    def ask(method: str, url: str, body: str | None, headers: dict[str, str]) -> Any:
        graph.request(method, url, body, headers)
        answer = graph.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{method} {url}: {answer.status} {content[:400]!r}")
        return json.loads(content)

    form = {"grant_type": "client_credentials", "client_id": lab["client_id"], "client_secret": lab["client_secret"], "scope": f"{lab['graph_url']}/.default"}
    given = ask("POST", f"/{lab['tenant_id']}/oauth2/v2.0/token", urllib.parse.urlencode(form), {"Content-Type": "application/x-www-form-urlencoded"})
    headers = {"Authorization": f"Bearer {given['access_token']}", "Content-Type": "application/json"}
    names, url = [], "/v1.0/domains"
    while url:
        page = ask("GET", url, None, headers)
        names += [item["id"] for item in page["value"] if item["authenticationType"] == "Federated"]
        url = page.get("@odata.nextLink", "").removeprefix(lab["graph_url"])
    written = publish(names, primary, successor, lambda items: list(ask("POST", "/v1.0/$batch", json.dumps({"requests": items}), headers)["responses"]))
    out(names, written)


if __name__ == "__main__":
    main()
