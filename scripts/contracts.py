"""In: the folder with the platform's OpenAPI files; out: the request bodies that the world checks, without any prose.

Run by hand when the platform publishes a new contract: python scripts/contracts.py FOLDER
"""

import json
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "src" / "paradeiro" / "world" / "contracts"
KEPT = {"type", "properties", "required", "items", "enum"}
WANTED = {
    "openapi-orders.json": (
        "vtex-orders.json",
        {
            ("post", "/api/oms/pvt/orders/{orderId}/invoice"),
            ("patch", "/api/oms/pvt/orders/{orderId}/invoice/{invoiceNumber}"),
            ("put", "/api/oms/pvt/orders/{orderId}/invoice/{invoiceNumber}/tracking"),
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


def main(folder: Path) -> None:
    """Write the trimmed contracts."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for source, (target, operations) in WANTED.items():
        document = json.loads((folder / source).read_text(encoding="utf-8"))
        bodies = {}
        for method, path in sorted(operations):
            content = document["paths"][path][method]["requestBody"]["content"]
            bodies[f"{method.upper()} {path}"] = trimmed(next(iter(content.values()))["schema"], document)
        text = json.dumps({"source": source, "bodies": bodies}, indent=1, ensure_ascii=False) + "\n"
        (TARGET / target).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
