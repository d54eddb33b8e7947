"""In: the folder with the platform's OpenAPI files; out: what requests and answers must be like, without any prose.

Run by hand when the platform publishes a new contract: python scripts/contracts.py FOLDER
"""

import json
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "src" / "paradeiro" / "simulator" / "contracts"
KEPT = {"type", "properties", "required", "items", "enum"}
WANTED = {
    "openapi-orders.json": (
        "vtex-orders.json",
        {
            ("post", "/api/oms/pvt/orders/{orderId}/invoice"),
            ("patch", "/api/oms/pvt/orders/{orderId}/invoice/{invoiceNumber}"),
            ("put", "/api/oms/pvt/orders/{orderId}/invoice/{invoiceNumber}/tracking"),
            ("get", "/api/oms/pvt/orders"),
            ("get", "/api/oms/pvt/orders/{orderId}"),
            ("get", "/api/orders/feed"),
            ("post", "/api/orders/feed"),
            ("get", "/api/orders/feed/config"),
            ("post", "/api/orders/feed/config"),
            ("delete", "/api/orders/feed/config"),
            ("get", "/api/orders/hook/config"),
            ("post", "/api/orders/hook/config"),
            ("delete", "/api/orders/hook/config"),
        },
    ),
    "openapi-external-seller-marketplace.json": (
        "vtex-marketplace.json",
        {
            ("post", "/pvt/orders/{marketplaceOrderId}/invoice"),
            ("post", "/pvt/orders/{marketplaceOrderId}/invoice/{invoiceNumber}"),
            ("post", "/pvt/orders/{marketplaceOrderId}/invoice/{invoiceNumber}/tracking"),
        },
    ),
}


def trimmed(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """An OpenAPI 3.0 schema as JSON Schema: references resolved, `nullable` said as a type, no prose."""
    while "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].strip("#/").split("/"):
            found = found[part]
        schema = found
    kept = {name: value for name, value in schema.items() if name in KEPT}
    if schema.get("nullable") and "type" in kept:
        kept["type"] = [kept["type"], "null"]
    if "properties" in kept:
        kept["properties"] = {name: trimmed(part, document) for name, part in kept["properties"].items()}
    if "items" in kept:
        kept["items"] = trimmed(kept["items"], document)
    return kept


def schema_of(content: dict[str, Any] | None, document: dict[str, Any]) -> dict[str, Any] | None:
    """The schema of a body, whatever its media type; None where there is none."""
    schema = next(iter(content.values())).get("schema") if content else None
    return trimmed(schema, document) if schema else None


def names(operation: dict[str, Any], place: str, *, required: bool) -> list[str]:
    """The parameters of an operation that stand in a place."""
    wanted = (p for p in operation.get("parameters", []) if p.get("in") == place)
    return sorted(p["name"] for p in wanted if p.get("required") or not required)


def main(folder: Path) -> None:
    """Write the trimmed contracts. `answers`: of a 200; `query`: what may be asked, `needed` what must be."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for source, (target, operations) in WANTED.items():
        document = json.loads((folder / source).read_text(encoding="utf-8"))
        bodies, answers, query, needed = {}, {}, {}, {}
        for method, path in sorted(operations):
            name, operation = f"{method.upper()} {path}", document["paths"][path][method]
            body = schema_of(operation.get("requestBody", {}).get("content"), document)
            if body:
                bodies[name] = body
            answer = schema_of(operation["responses"].get("200", {}).get("content"), document)
            if answer:
                answers[name] = answer
            query[name] = names(operation, "query", required=False)
            needed[name] = names(operation, "query", required=True) + names(operation, "header", required=True)
        kept = {"source": source, "bodies": bodies, "answers": answers, "query": query, "needed": needed}
        text = json.dumps(kept, indent=1, ensure_ascii=False) + "\n"
        (TARGET / target).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
