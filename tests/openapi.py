"""Hold requests and answers against Pipedrive's own OpenAPI documents.

The documents are not ours to publish, so they lie beside the repository (`../shared/pipedrive/`) where
somebody has them; `documents_missing()` tells the reason to skip by. A breach is an AssertionError.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "pipedrive"
Json = dict[str, Any]


def documents_missing() -> str:
    """Return why the checks cannot run, or nothing."""
    names = [f"openapi-{version}.json" for version in ("v1", "v2")]
    missing = [name for name in names if not (FOLDER / name).is_file()]
    return f"{' and '.join(missing)} not found in {FOLDER}" if missing else ""


def check_request(method: str, path: str, query: Mapping[str, str], body: Any = None) -> None:
    """Check parameters and the body's properties: nothing undeclared, mistyped or missing.

    `path` is as sent (a prefix before `/api/` or `/oauth/` is ignored), `body` the parsed JSON or form.
    """
    grant_type = body.get("grant_type", "") if isinstance(body, Mapping) else ""
    declared = operation(method, path, grant_type)
    parameters = {each["name"]: each for each in declared.get("parameters", []) if each["in"] == "query"}
    for name, value in query.items():
        assert name in parameters, f"{method} {path} has no query parameter {name}"
        _check_parameter(parameters[name], str(value))
    required = {name for name, each in parameters.items() if each.get("required")}
    assert required <= set(query), f"{method} {path} needs {sorted(required - set(query))}"
    content = declared.get("requestBody", {}).get("content", {})
    if content:
        _validate(_closed(_with_null(next(iter(content.values()))["schema"])), body or {}, f"{method} {path}")
    else:
        assert not body, f"{method} {path} takes no body"


def check_answer(method: str, path: str, status: int, body: Any, grant_type: str = "") -> None:
    """Check an answer's body; an undocumented refusal must at least say `success: false` and why."""
    responses = operation(method, path, grant_type)["responses"]
    if str(status) in responses:
        schema = responses[str(status)]["content"]["application/json"]["schema"]
        _validate(_lenient(_with_null(schema)), body, f"{method} {path} {status}")
        assert body.get("success", True) is (status < 400)
        return
    assert status >= 400, f"{method} {path} does not answer {status}"
    assert body["success"] is False
    assert isinstance(body["error"], str)


def example(method: str, path: str) -> Any:
    """Return the document's own example of a good answer."""
    good = next(answer for status, answer in operation(method, path)["responses"].items() if status < "300")
    return good["content"]["application/json"]["example"]


def operation(method: str, path: str, grant_type: str = "") -> Json:
    """Find the operation a request belongs to."""
    version, short = _version_and_path(path)
    if short.rstrip("/") == "/oauth/token":
        short = "/oauth/token/" if grant_type == "refresh_token" else "/oauth/token"
    paths: Json = _document(version)["paths"]
    matching = [template for template in paths if _matches(template, short)]
    found = [
        template for template in sorted(matching, key=lambda each: each.count("{")) if method.lower() in paths[template]
    ]
    assert found, f"{method} {short} is not in openapi-{version}.json"
    declared: Json = paths[found[0]][method.lower()]
    return declared


def _version_and_path(path: str) -> tuple[str, str]:
    if "/oauth/" in path:
        return "v1", path[path.index("/oauth/") :]
    found = re.search(r"/(?:api/)?(v[12])(/.+)$", path)
    assert found, f"{path} is no address of the API"
    return found[1], found[2]


def _matches(template: str, path: str) -> bool:
    pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
    return re.fullmatch(pattern, path) is not None


@cache
def _document(version: str) -> Json:
    document: Json = json.loads((FOLDER / f"openapi-{version}.json").read_text())
    return document


def _check_parameter(parameter: Json, value: str) -> None:
    schema, name = parameter["schema"], parameter["name"]
    listed = "comma" in parameter.get("description", "").lower()
    for part in value.split(",") if listed else [value]:
        kind = schema["type"]
        if kind in ("integer", "number"):
            assert re.fullmatch(r"-?\d+", part), f"{name}={value} is no {kind}"
        if kind == "boolean":
            assert part in ("true", "false"), f"{name}={value} is no boolean"
        if "enum" in schema:
            assert part in [str(allowed) for allowed in schema["enum"]], f"{name}={value} is not allowed"


def _validate(schema: Json, value: Any, where: str) -> None:
    errors = [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(value)]
    assert not errors, f"{where}: {'; '.join(errors)}"


def _with_null(schema: Any) -> Any:
    """Turn OpenAPI 3.0's `nullable` into JSON Schema's null type."""
    if isinstance(schema, list):
        return [_with_null(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    turned = {name: _with_null(value) for name, value in schema.items() if name not in ("nullable", "example")}
    if schema.get("nullable") is True and isinstance(schema.get("type"), str):
        turned["type"] = [schema["type"], "null"]
        if "enum" in turned:
            turned["enum"] = [*turned["enum"], None]
    return turned


def _closed(schema: Any) -> Any:
    """Allow declared properties only: what Pipedrive's strict validation does with bodies."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(value) for name, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and isinstance(schema.get("type"), str):
        closed.setdefault("additionalProperties", False)
    return closed


def _lenient(schema: Any) -> Any:
    """Allow null for every property of an answer.

    The documents mark almost nothing nullable, yet their own examples answer null for what is empty.
    """
    if isinstance(schema, list):
        return [_lenient(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    lenient = {name: _lenient(value) for name, value in schema.items()}
    if isinstance(schema.get("properties"), dict):
        lenient["properties"] = {
            name: {"anyOf": [{"type": "null"}, value]} for name, value in lenient["properties"].items()
        }
    return lenient
