"""The wire models against Immich's contract: every operation of it, described with our models.

Handlers are made up here from the contract's paths, so that this tests the models, not the routes.
"""

import importlib
import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from quart import Response

from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import Routes
from immich_host.wire.catalogue import Catalogue
from immich_host.wire.idle import idle_routes
from immich_host.wire.openapi import document

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
CONTRACT = SHARED / "api" / "immich-api-3.2.2.json"
CHECKER = SHARED / "tools" / "check_contract.py"
TAGS = (
    "API keys,Asset files,Assets,Authentication,Config (admin),Config (public),Config (user),Download,Jobs,Queues,"
    "Server,Sessions,System config,System metadata,Timeline,Trash,Users,Users (admin)"
)
HEADERS = {"string": str, "integer": int, "number": float}
OF_PLUGINS = ("/oauth/", "/edits", "/video/stream")

pytestmark = pytest.mark.skipif(not CONTRACT.exists(), reason="the contract is not beside this checkout")


def models() -> dict[str, Any]:
    found: dict[str, Any] = {}
    shared = ROOT / "immich_host" / "plugin_api" / "answers.py"
    for path in sorted([shared, *(ROOT / "immich_host").glob("*/*dto*.py")]):
        module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        found |= {name: value for name, value in vars(module).items() if inspect.isclass(value)}
    return found


def kind_of(schema: dict[str, Any], named: dict[str, Any]) -> Any:
    if "$ref" in schema:
        return named[schema["$ref"].rsplit("/", 1)[-1]]
    if schema.get("type") == "array":
        return list[kind_of(schema["items"], named)]
    return UUID if schema.get("format") == "uuid" else str


def handler_for(annotations: dict[str, Any]) -> Any:
    async def handler(**_: Any) -> None:
        """Stand in for the real one."""

    handler.__annotations__ = annotations
    parameters = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in annotations if name != "return"]
    handler.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return handler


def answer_options(operation: dict[str, Any], named: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The return annotation and the route's options about answers."""
    good = sorted((int(status), each) for status, each in operation["responses"].items() if status.startswith("2"))
    options: dict[str, Any] = {"status": good[0][0]}
    kinds: dict[int, Any] = {}
    for status, each in good:
        for content_type, body in each.get("content", {}).items():
            if body["schema"].get("format") == "binary":
                options["answer_type"] = content_type
            else:
                kinds[status] = kind_of(body["schema"], named)
    options["also_answers"] = {status: kind for status, kind in kinds.items() if status != good[0][0]}
    first = kinds.get(good[0][0])
    if first is not None:
        options["answers"] = first
    return (Response if "answer_type" in options else first), options


def declare(method: str, path: str, operation: dict[str, Any], named: dict[str, Any]) -> Routes:
    name = operation["operationId"]
    parameters = operation.get("parameters", [])
    takes = {each["name"]: kind_of(each["schema"], named) for each in parameters if each["in"] == "path"}
    returned, options = answer_options(operation, named)
    for content_type, body in operation.get("requestBody", {}).get("content", {}).items():
        kind = kind_of(body["schema"], named)
        if content_type == "application/json":
            takes["body"] = kind
        else:
            options |= {"body_type": content_type, "body_model": kind}
    query = named.get(name[0].upper() + name[1:] + "Query")
    if query is not None:
        takes["query"] = query
    permission = operation.get("x-immich-permission")
    routes = Routes(operation["tags"][0])
    routes.add(
        method.upper(),  # type: ignore[arg-type]
        path,
        permission=Permission(permission) if permission else None,
        public=not permission,
        operation_id=name,
        shared_link=any(each["in"] == "query" and each["name"] == "key" for each in parameters),
        headers={each["name"]: HEADERS[each["schema"]["type"]] for each in parameters if each["in"] == "header"},
        **options,
    )(handler_for(takes | {"return": returned}))
    return routes


def test_permissions_are_those_of_the_contract():
    known = json.loads(CONTRACT.read_text())["components"]["schemas"]["Permission"]["enum"]
    assert {str(permission) for permission in Permission} == set(known)


def test_models_satisfy_the_contract(tmp_path: Path):
    contract, named, catalogue = json.loads(CONTRACT.read_text()), models(), Catalogue()
    idle = {route.path for route in idle_routes().routes}
    for path, item in contract["paths"].items():
        for method, operation in item.items():
            ours = operation["tags"][0] in TAGS.split(",") and not any(part in path for part in OF_PLUGINS)
            if ours and path not in idle:
                catalogue.add(declare(method, path, operation, named))
    catalogue.add_idle(idle_routes())
    mine = tmp_path / "openapi.json"
    mine.write_text(json.dumps(document(catalogue)))
    command = [sys.executable, str(CHECKER), "--contract", str(CONTRACT), "--server-spec", str(mine), "--tags", TAGS]
    report = json.loads(subprocess.run([*command, "--json"], capture_output=True, text=True, check=False).stdout)
    wrong = [
        (operation["method"], operation["path"], finding)
        for operation in report["operations"]
        for section in ("parameters", "request", "response")
        for finding in operation[section]
        if finding["severity"] in ("missing", "differs")
    ]
    absent = [operation["path"] for operation in report["operations"] if not operation["present"]]
    assert wrong == []
    assert all(any(part in path for part in OF_PLUGINS) for path in absent)
    assert report["totals"]["present"] > 100
