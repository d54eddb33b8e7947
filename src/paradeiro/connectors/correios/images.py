"""In: the bytes of an answer about pictures of deliveries; out: its pictures, by tracking code. Pure."""

from collections.abc import Iterator
from typing import Any

import msgspec

from paradeiro.connectors.correios.text import clean
from paradeiro.connectors.correios.times import read_time
from paradeiro.domain.following.tracking_codes import tidy_code
from paradeiro.domain.words import ProofKind
from paradeiro.sdk.carriers.proofs import LARGEST_PICTURE, NOT_YET, answer_with, picture_of
from paradeiro.sdk.contract import Picture, ProofAnswer

__all__ = ["LARGEST_PICTURE", "NOT_YET", "read_pictures"]


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
    return {code: answer_with(code, pictures) for code, pictures in found.items()}


def _images(raw_item: dict[str, Any]) -> Iterator[Picture | None]:
    """Of `objetos/imagens`: any number of pictures, each with a remark; None for one that cannot be read."""
    images = raw_item.get("imagens")
    for each in images if isinstance(images, list) else []:
        if isinstance(each, dict) and each.get("imagem"):
            remarks = (clean(each.get("comentario")), clean(raw_item.get("observacao")))
            yield picture_of(each["imagem"], " · ".join(text for text in remarks if text), largest=LARGEST_PICTURE)


def _receipt(raw_item: dict[str, Any]) -> Iterator[Picture | None]:
    """Of `ar-digital`: one picture, dated. Its `contentType` is ignored: the bytes decide."""
    if raw_item.get("imagemBase64"):
        picture = picture_of(raw_item["imagemBase64"], largest=LARGEST_PICTURE)
        yield picture and Picture(picture.content, picture.comment, read_time(raw_item.get("dataBaixa")))
