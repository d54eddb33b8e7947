"""In: an uploaded file; out: the document in it as one part. A signed document cannot be read in pieces. Pure."""

from collections.abc import Iterator, Mapping
from typing import BinaryIO

from paradeiro.connectors.nfe_cte.document import LARGEST_DOCUMENT
from paradeiro.sdk.ways_in import FilePart

_SHOWN = 2000


def split_file(stream: BinaryIO, _: Mapping[str, str]) -> Iterator[FilePart]:
    """The file, if it is no larger than a document can be: no more of it is ever held."""
    body = b""
    while len(body) <= LARGEST_DOCUMENT and (chunk := stream.read(LARGEST_DOCUMENT + 1 - len(body))):
        body += chunk
    if len(body) > LARGEST_DOCUMENT:
        yield FilePart(body[:_SHOWN], 1, f"the file is larger than {LARGEST_DOCUMENT} bytes: an event never is")
    elif not body.strip():
        yield FilePart(body, 1, "the file is empty")
    else:
        yield FilePart(body)
