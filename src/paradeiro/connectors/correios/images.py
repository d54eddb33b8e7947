"""In: the bytes of an answer about pictures of deliveries; out: its pictures, by tracking code. Pure."""

import base64
import binascii
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from paradeiro.connectors.correios.text import clean
from paradeiro.connectors.correios.times import read_time
from paradeiro.domain.following.tracking_codes import tidy_code
from paradeiro.domain.words import Outcome, ProofKind
from paradeiro.sdk.contract import Picture, ProofAnswer

# A photograph of a telephone has a few million bytes.
LARGEST_PICTURE: Final = 8 * 1024 * 1024
_LONGEST_COMMENT = 200
_DATA_URL = "base64,"


def read_pictures(kind: ProofKind, body: bytes) -> dict[str, ProofAnswer] | None:
    """The answers by tracking code; None if the body is not a list of objects."""
    try:
        raw_item = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    raw_item = [raw_item] if isinstance(raw_item, dict) and "objeto" in raw_item else raw_item
    if not isinstance(raw_item, list):
        return None
    found: dict[str, list[Picture | None]] = {}
    for each in raw_item:
        if isinstance(each, dict):
            pictures = _images(each) if kind is ProofKind.IMAGE else _receipt(each)
            found.setdefault(tidy_code(clean(each.get("objeto"))), []).extend(pictures)
    return {code: _answer(code, pictures) for code, pictures in found.items()}


def _answer(code: str, pictures: list[Picture | None]) -> ProofAnswer:
    whole = tuple(picture for picture in pictures if picture is not None)
    if len(whole) < len(pictures):
        message = f"{len(pictures) - len(whole)} of {len(pictures)} pictures could not be read"
        return ProofAnswer(code, Outcome.MALFORMED, whole, message)
    return ProofAnswer(code, Outcome.FOUND, whole) if whole else ProofAnswer(code, Outcome.NOT_FOUND, message=NOT_YET)


NOT_YET: Final = "no picture is there yet"


def _images(raw_item: dict[str, Any]) -> Iterator[Picture | None]:
    """Of `objetos/imagens`: any number of pictures, each with a remark; None for one that cannot be read."""
    images = raw_item.get("imagens")
    for each in images if isinstance(images, list) else []:
        if isinstance(each, dict) and each.get("imagem"):
            remarks = (clean(each.get("comentario")), clean(raw_item.get("observacao")))
            yield _picture(each["imagem"], " · ".join(text for text in remarks if text))


def _receipt(raw_item: dict[str, Any]) -> Iterator[Picture | None]:
    """Of `ar-digital`: one picture, dated. Its `contentType` is ignored: the bytes decide."""
    if raw_item.get("imagemBase64"):
        picture = _picture(raw_item["imagemBase64"], "")
        yield picture and Picture(picture.content, picture.comment, read_time(raw_item.get("dataBaixa")))


def _picture(text: object, comment: str) -> Picture | None:
    if not isinstance(text, str) or len(text) > LARGEST_PICTURE * 4 // 3 + 1024:
        return None
    if text.startswith("data:"):
        text = text.partition(_DATA_URL)[2]
    try:
        content = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    return Picture(content, comment[:_LONGEST_COMMENT]) if 0 < len(content) <= LARGEST_PICTURE else None
