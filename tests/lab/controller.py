# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in of AWX's API, as far as job templates and what they need are made by it.

Fields, types, choices and required members are those of AWX 24.6.1 (its serializers, models and checks of surveys, injectors and recurrence
rules), written down here as a table. What the table does not know is refused, which AWX itself would ignore: here it means a mistake.
"""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

_MAX_BODY = 1_000_000

Item = dict[str, Any]

_ORGANIZATION = {"name": "text!", "description": "text", "organization": "organizations"}
_PROMPTS = {"limit": "text", "job_tags": "text", "skip_tags": "text", "scm_branch": "text"}

# By endpoint and field: a type, the endpoint that a number refers to, or choices with | between them; ! marks what a new object must have.
FIELDS: dict[str, dict[str, str]] = {
    "organizations": {"name": "text!", "description": "text"},
    "credential_types": {"name": "text!", "description": "text", "kind": "net|cloud!", "inputs": "inputs", "injectors": "injectors"},
    "credentials": {**_ORGANIZATION, "credential_type": "credential_types!", "inputs": "secrets", "user": "users", "team": "teams"},
    "execution_environments": {**_ORGANIZATION, "image": "text!", "credential": "credentials", "pull": "always|missing|never|"},
    "notification_templates": {
        **_ORGANIZATION,
        "organization": "organizations!",
        "notification_type": "awssns|email|grafana|irc|mattermost|pagerduty|rocketchat|slack|twilio|webhook!",
        "notification_configuration": "mapping",
        "messages": "mapping",
    },
    "projects": {
        **_ORGANIZATION,
        "scm_type": "|git|svn|insights|archive",
        "scm_url": "text",
        "scm_branch": "text",
        "scm_refspec": "text",
        "scm_clean": "boolean",
        "scm_delete_on_update": "boolean",
        "scm_track_submodules": "boolean",
        "scm_update_on_launch": "boolean",
        "scm_update_cache_timeout": "number",
        "allow_override": "boolean",
        "timeout": "number",
        "credential": "credentials",
        "local_path": "text",
    },
    "inventories": {**_ORGANIZATION, "organization": "organizations!", "variables": "json", "kind": "|smart|constructed", "host_filter": "text or null"},
    "hosts": {"name": "text!", "description": "text", "inventory": "inventories!", "enabled": "boolean", "variables": "json"},
    "groups": {"name": "text!", "description": "text", "inventory": "inventories!", "variables": "json"},
    "job_templates": {
        **_ORGANIZATION,
        **_PROMPTS,
        "job_type": "run|check",
        "inventory": "inventories!",
        "project": "projects!",
        "playbook": "text!",
        "execution_environment": "execution_environments",
        "forks": "number",
        "verbosity": "number",
        "extra_vars": "json",
        "timeout": "number",
        "job_slice_count": "number",
        "diff_mode": "boolean",
        "become_enabled": "boolean",
        "allow_simultaneous": "boolean",
        "survey_enabled": "boolean",
        "ask_limit_on_launch": "boolean",
        "ask_variables_on_launch": "boolean",
        "ask_diff_mode_on_launch": "boolean",
        "ask_job_type_on_launch": "boolean",
    },
    "workflow_job_templates": {
        **_ORGANIZATION,
        **_PROMPTS,
        "inventory": "inventories",
        "extra_vars": "json",
        "allow_simultaneous": "boolean",
        "survey_enabled": "boolean",
        "ask_limit_on_launch": "boolean",
        "ask_variables_on_launch": "boolean",
    },
    "workflow_job_template_nodes": {
        "workflow_job_template": "workflow_job_templates!",
        "unified_job_template": "unified_job_templates",
        "identifier": "text",
        "all_parents_must_converge": "boolean",
        "extra_data": "mapping",
        "job_type": "|run|check",
        **_PROMPTS,
    },
    "workflow_approval_templates": {"name": "text!", "description": "text", "timeout": "number"},
    "schedules": {
        "name": "text!",
        "description": "text",
        "unified_job_template": "unified_job_templates!",
        "rrule": "rrule!",
        "enabled": "boolean",
        "extra_data": "mapping",
        **_PROMPTS,
    },
}
_TEMPLATES = ["job_templates", "workflow_job_templates", "projects", "workflow_approval_templates"]  # unified_job_templates lists them together
# What can be put to an object, and where it is listed.
ASSOCIATIONS: dict[str, dict[str, str]] = {
    "groups": {"hosts": "hosts", "children": "groups"},
    "job_templates": {
        "credentials": "credentials",
        "instance_groups": "instance_groups",
        "labels": "labels",
        **{f"notification_templates_{event}": "notification_templates" for event in ("started", "success", "error")},
    },
    "workflow_job_templates": {
        "labels": "labels",
        **{f"notification_templates_{event}": "notification_templates" for event in ("started", "success", "error", "approvals")},
    },
    "workflow_job_template_nodes": {f"{when}_nodes": "workflow_job_template_nodes" for when in ("success", "failure", "always")},
}
SURVEY_TYPES = {"text": str, "textarea": str, "password": str, "multiplechoice": str, "multiselect": str, "integer": int, "float": float}
_READ_ONLY = {"workflow_job_template_nodes": {"workflow_job_template"}, "job_templates": {"organization"}}  # after creation; for templates always
# What the modules of awx.awx send along, and AWX ignores because it is read-only.
_IGNORED = {"workflow_job_template_nodes": {"type"}, "credential_types": {"managed"}}


_MACHINE = ("username", "password", "ssh_key_data", "ssh_public_key_data", "ssh_key_unlock", "become_method", "become_username", "become_password")


class Refused(Exception):
    """What AWX answers 400 to, by field."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.answer = {field: [why]}


class Controller:
    """The API on loopback, with one organization, a Machine credential type and one instance group to begin with. ``token`` lets in."""

    def __init__(self, token: str = "a-token-of-the-tests") -> None:
        self.token = token
        self.items: dict[str, dict[int, Item]] = {endpoint: {} for endpoint in [*FIELDS, "instance_groups", "labels", "users", "teams"]}
        self.links: dict[tuple[str, int, str], list[int]] = {}
        self.surveys: dict[tuple[str, int], Item] = {}
        self.writes: list[tuple[str, str, Any]] = []
        self._last = 0
        self._put("organizations", {"name": "Default"})
        self._put("credential_types", {"name": "Machine", "kind": "ssh", "inputs": {"fields": [{"id": name} for name in _MACHINE]}, "injectors": {}})
        self._put("instance_groups", {"name": "default"})
        self._lock = threading.Lock()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="controller", daemon=True)

    def __enter__(self) -> Controller:
        self._thread.start()
        return self

    def __exit__(self, *_what: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def env(self) -> dict[str, str]:
        """What the modules of awx.awx need to come here."""
        return {"CONTROLLER_HOST": f"http://127.0.0.1:{self._server.server_address[1]}", "CONTROLLER_OAUTH_TOKEN": self.token}

    def named(self, endpoint: str) -> dict[str, Item]:
        """The objects of one kind by their names."""
        return {item.get("name") or item["identifier"]: item for item in self.items[endpoint].values()}

    def linked(self, endpoint: str, identity: int, what: str) -> list[Item]:
        """What was put to an object."""
        target = ASSOCIATIONS[endpoint][what]
        return [self.items[target][number] for number in self.links.get((endpoint, identity, what), [])]

    def answer(self, method: str, target: str, body: Any) -> tuple[int, Any]:
        """Status and body of one request."""
        split = urlsplit(target)
        parts = [part for part in split.path.removeprefix("/api/v2").split("/") if part]
        with self._lock:
            try:
                found = self._route(method, parts, dict(parse_qsl(split.query)), body)
            except Refused as refused:
                return 400, refused.answer
            if method != "GET" and found[0] < 300:
                self.writes.append((method, "/".join(parts), body))
            return found

    def _route(self, method: str, parts: list[str], query: dict[str, str], body: Any) -> tuple[int, Any]:
        endpoint, identity, what = [*parts, "", "", ""][:3]
        if (endpoint != "unified_job_templates" and endpoint not in self.items) or (identity and not identity.isdigit()):
            return 404, {"detail": "Not found."}
        if not identity:
            return self._list(endpoint, query) if method == "GET" else self._create(endpoint, body)
        number = int(identity)
        if number not in self.items.get(endpoint, {}):
            return 404, {"detail": "Not found."}
        if not what:
            return self._one(method, endpoint, number, body)
        if what == "survey_spec" and endpoint in ("job_templates", "workflow_job_templates"):
            if method == "POST":
                _check_survey(body)
                self.surveys[endpoint, number] = body
                return 200, {}
            return 200, self.surveys.get((endpoint, number), {})
        if what == "create_approval_template" and endpoint == "workflow_job_template_nodes":
            made = self._create("workflow_approval_templates", body)
            self.items[endpoint][number]["unified_job_template"] = made[1]["id"]
            return made
        if what in ASSOCIATIONS.get(endpoint, {}):
            return self._associate(method, endpoint, number, what, body)
        return 404, {"detail": "Not found."}

    def _list(self, endpoint: str, query: dict[str, str]) -> tuple[int, Any]:
        sources = _TEMPLATES if endpoint == "unified_job_templates" else [endpoint]
        listed = [self._shown(source, item) for source in sources for item in self.items[source].values()]
        for field, value in query.items():
            if field not in ("page_size", "order_by"):
                listed = [item for item in listed if str(item.get(field)) == value]
        return 200, {"count": len(listed), "next": None, "results": listed}

    def _create(self, endpoint: str, body: Any) -> tuple[int, Any]:
        if endpoint not in FIELDS:
            return 405, {"detail": "Method not allowed."}
        item = self._checked(endpoint, body, {})
        for field, kind in FIELDS[endpoint].items():
            if kind.endswith("!") and item.get(field) in (None, ""):
                raise Refused(field, "This field is required.")
        name = item.get("name")
        scope = "inventory" if endpoint in ("hosts", "groups") else "unified_job_template" if endpoint == "schedules" else "organization"
        if endpoint != "workflow_approval_templates" and name:
            for other in self.items[endpoint].values():
                if other["name"] == name and other.get(scope) == item.get(scope):
                    raise Refused("__all__", f"{endpoint} with this name already exists.")
        return 201, self._shown(endpoint, self._put(endpoint, item))

    def _one(self, method: str, endpoint: str, number: int, body: Any) -> tuple[int, Any]:
        item = self.items[endpoint][number]
        if method == "PATCH":
            item.update(self._checked(endpoint, body, item))
        elif method == "DELETE":
            del self.items[endpoint][number]
            return 204, None
        return 200, self._shown(endpoint, item)

    def _associate(self, method: str, endpoint: str, number: int, what: str, body: Any) -> tuple[int, Any]:
        linked = self.links.setdefault((endpoint, number, what), [])
        target = ASSOCIATIONS[endpoint][what]
        if method == "GET":
            results = [self._shown(target, self.items[target][other]) for other in linked]
            return 200, {"count": len(results), "next": None, "results": results}
        other = body["id"]
        if other not in self.items[target]:
            raise Refused("id", f"Invalid pk {other}")
        if body.get("disassociate"):
            linked.remove(other)
        elif what == "credentials" and any(self.items[target][known]["credential_type"] == self.items[target][other]["credential_type"] for known in linked):
            return 400, {"error": "Cannot assign multiple credentials of the same type."}
        else:
            linked.append(other)
        return 204, None

    def _checked(self, endpoint: str, body: Any, old: Item) -> Item:
        if not isinstance(body, dict):
            raise Refused("__all__", "Invalid data. Expected a dictionary.")
        checked = {}
        for field, value in body.items():
            if field in _IGNORED.get(endpoint, ()) or (old and field in _READ_ONLY.get(endpoint, ())):
                continue
            kind = FIELDS[endpoint].get(field)
            if kind is None:
                raise Refused(field, "AWX 24.6.1 has no such field here.")
            checked[field] = self._value(field, kind.rstrip("!"), value)
        if endpoint == "credential_types":
            _check_injectors({**old, **checked})
        if endpoint == "credentials":
            self._check_credential({**old, **checked})
        if endpoint == "job_templates" and "project" in checked:
            checked["organization"] = self.items["projects"][checked["project"]].get("organization")
        if checked.get("scm_refspec") and {**old, **checked}.get("scm_type") != "git":
            raise Refused("scm_refspec", "SCM refspec can only be used with git projects.")
        return checked

    def _check_credential(self, item: Item) -> None:
        """A credential has only what the fields of its type ask for."""
        kind = self.items["credential_types"].get(item.get("credential_type") or 0)
        known = {field["id"] for field in kind["inputs"].get("fields", [])} if kind else set()
        strange = sorted(set(item.get("inputs") or {}) - known)
        if kind and strange:
            raise Refused("inputs", f"Additional properties are not allowed ('{strange[0]}' was unexpected)")

    def _value(self, field: str, kind: str, value: Any) -> Any:
        if kind in _TYPES:
            given: Any = value
            if value is None and not kind.endswith(" or null"):
                raise Refused(field, "This field may not be null.")
            # "true" as text counts for a boolean, and "5" as text for a number, as in Django REST framework.
            if kind == "boolean" and isinstance(value, str) and value.lower() in ("true", "false"):
                return value.lower() == "true"
            if kind == "number" and isinstance(value, str) and value.isdigit():
                return int(value)
            if not isinstance(value, _TYPES[kind]) or (kind == "number" and isinstance(value, bool)):
                raise Refused(field, f"Not a valid {kind}.")
            if kind == "json" and value:
                try:
                    json.loads(given)
                except ValueError as error:
                    raise Refused(field, "Cannot parse as JSON.") from error
            if kind == "rrule":
                _check_rrule(given)
            if kind == "inputs":
                _check_inputs(given)
            return value
        if "|" in kind:
            if value is None and "" in kind.split("|"):
                return ""  # awx.awx sends null for an inventory's kind, and AWX takes it
            if value not in kind.split("|"):
                raise Refused(field, f'"{value}" is not a valid choice.')
            return value
        if value in (None, ""):
            return None
        known = [number for source in (_TEMPLATES if kind == "unified_job_templates" else [kind]) for number in self.items[source]]
        if value not in known:
            raise Refused(field, f'Invalid pk "{value}" - object does not exist.')
        return value

    def _put(self, endpoint: str, item: Item) -> Item:
        self._last += 1
        defaults: Item = {"enabled": True} if endpoint == "schedules" else {"identifier": f"node-{self._last}"} if endpoint.endswith("nodes") else {}
        kinds = FIELDS.get(endpoint, {})
        blank = {"text": "", "boolean": False, "number": 0, "json": "", "mapping": {}}
        self.items[endpoint][self._last] = {
            **{field: blank.get(kind.rstrip("!")) for field, kind in kinds.items()},
            **defaults,
            **item,
            "id": self._last,
            "type": endpoint.removesuffix("s") if endpoint != "inventories" else "inventory",
            "url": f"/api/v2/{endpoint}/{self._last}/",
        }
        return self.items[endpoint][self._last]

    def _shown(self, endpoint: str, item: Item) -> Item:
        """As a GET shows it: secrets hidden, with the addresses of what belongs to it."""
        related = {what: f"{item['url']}{what}/" for what in [*ASSOCIATIONS.get(endpoint, {}), "survey_spec"]}
        shown = {**item, "related": related, "summary_fields": {}}
        if endpoint == "workflow_job_template_nodes" and item["unified_job_template"] in self.items["workflow_approval_templates"]:
            related["unified_job_template"] = f"/api/v2/workflow_approval_templates/{item['unified_job_template']}/"
        if endpoint == "credentials":
            shown["inputs"] = {name: "$encrypted$" if name in self._secrets(item) else value for name, value in (item["inputs"] or {}).items()}
        if endpoint == "credential_types":
            shown["managed"] = False
        if endpoint == "projects":
            shown["scm_revision"] = ""
        return shown

    def _secrets(self, credential: Item) -> set[str]:
        fields = self.items["credential_types"][credential["credential_type"]]["inputs"].get("fields", [])
        return {field["id"] for field in fields if field.get("secret")} | {"password"}


_TYPES: dict[str, type | tuple[type, ...]] = {
    "text": str,
    "text or null": (str, type(None)),
    "boolean": bool,
    "number": int,
    "json": str,
    "mapping": dict,
    "secrets": dict,
    "inputs": dict,
    "injectors": dict,
    "rrule": str,
}


def _check_inputs(inputs: Item) -> None:
    for field in inputs.get("fields", []):
        strange = set(field) - {"id", "label", "help_text", "type", "choices", "secret", "multiline", "format", "default"}
        if strange or not {"id", "label"} <= set(field) or field.get("type", "string") not in ("string", "boolean"):
            raise Refused("inputs", f"{field} is not valid.")
        if not re.fullmatch(r"[a-zA-Z_]+[a-zA-Z0-9_]*", field["id"]):
            raise Refused("inputs", f"{field['id']} is an invalid variable name.")


def _check_injectors(item: Item) -> None:
    known = {field["id"] for field in (item.get("inputs") or {}).get("fields", [])}
    for kind, injected in (item.get("injectors") or {}).items():
        if kind not in ("env", "file", "extra_vars"):
            raise Refused("injectors", f"{kind} is not allowed.")
        for name, template in injected.items():
            if kind == "env" and name.startswith("ANSIBLE_"):
                raise Refused("injectors", f"Environment variable {name} may affect Ansible configuration so its use is not allowed in credentials.")
            names = re.findall(r"{{\s*(\w+)", template)
            if [one for one in names if one not in known and one != "tower"]:
                raise Refused("injectors", f"{name} uses an undefined field")


def _check_rrule(rule: str) -> None:
    if len(re.findall(r"DTSTART(?:;[^:]+)?:[0-9]+T[0-9]+Z?", rule)) != 1:
        raise Refused("rrule", "Exactly one valid DTSTART required in rrule. Value should start with: DTSTART:YYYYMMDDTHHMMSSZ")
    if re.search(r"DTSTART:[0-9]+T[0-9]+ ", rule):
        raise Refused("rrule", "DTSTART cannot be a naive datetime. Require ;TZINFO= or YYYYMMDDTHHMMSSZZ.")
    if "RRULE:" not in rule:
        raise Refused("rrule", "One or more rule required in rrule.")
    if "INTERVAL" not in rule:
        raise Refused("rrule", "INTERVAL required in rrule.")


def _check_survey(survey: Any) -> None:
    for field, kind in (("name", str), ("description", str), ("spec", list)):
        if not isinstance(survey.get(field), kind):
            raise _survey(f"Field '{field}' is missing from survey spec.")
    if not survey["spec"]:
        raise _survey("'spec' doesn't contain any items.")
    variables = [question.get("variable") for question in survey["spec"]]
    if len(set(variables)) < len(variables):
        raise _survey("a variable is there twice.")
    for question in survey["spec"]:
        for field, wanted in (("type", str), ("question_name", str), ("variable", str), ("required", bool)):
            if not isinstance(question.get(field), wanted):
                raise _survey(f"'{field}' missing from survey question, or of another type.")
        if question["type"] not in SURVEY_TYPES:
            raise _survey(f"'{question['type']}' is no allowed question type.")
        if question.get("default", "") != "" and not isinstance(question["default"], SURVEY_TYPES[question["type"]]):
            raise _survey("Default value expected to be of the question's type.")
        if question["type"] in ("multiplechoice", "multiselect"):
            if not question.get("choices"):
                raise _survey("the question must specify choices.")
            if question.get("default", "") not in ["", *question["choices"]]:
                raise _survey("Default choice must be answered from the choices listed.")


def _survey(why: str) -> Refused:
    refused = Refused("error", why)
    refused.answer = {"error": why}  # type: ignore[dict-item]
    return refused


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, controller: Controller) -> None:
        self.controller = controller
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = 30

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > _MAX_BODY:
            return self._send(413, {"detail": "Too large."})
        body = json.loads(self.rfile.read(length) or b"null") if length else None
        if self.headers.get("Authorization") != f"Bearer {self.server.controller.token}":
            return self._send(401, {"detail": "Authentication credentials were not provided."})
        return self._send(*self.server.controller.answer(self.command, self.path, body))

    do_GET = do_POST = do_PATCH = do_DELETE = _serve

    def _send(self, status: int, answer: Any) -> None:
        content = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("X-API-Product-Name", "AWX")
        self.send_header("X-API-Product-Version", "24.6.1")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments: object) -> None:
        """Nothing: the tests look at what was written."""
