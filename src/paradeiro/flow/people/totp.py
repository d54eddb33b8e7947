"""In: an operator's second factor; out: a secret to keep in an app, and whether a code is of now. Codes work once."""

from datetime import datetime

import pyotp
import segno

from paradeiro.db.people import operators
from paradeiro.db.people.operators import Operator
from paradeiro.db.pool import Connection
from paradeiro.db.secrets import Purpose, seal_bytes, unseal_bytes

_SECONDS = 30
# One step before and after: clocks of phones are a little off.
_STEPS = (0, -1, 1)
ISSUER = "Paradeiro"


def new_secret() -> str:
    """A secret of 160 bits, in base 32."""
    return pyotp.random_base32()


def seal_secret(secret: str, key: str) -> bytes:
    """The secret encrypted, as it is stored."""
    return seal_bytes(secret.encode(), key, Purpose.SECOND_FACTORS)


def open_secret(sealed: bytes, key: str) -> str:
    """The secret of stored bytes. Raises `WrongKeyError`."""
    return unseal_bytes(sealed, key, Purpose.SECOND_FACTORS).decode()


def picture_of(secret: str, email: str) -> str:
    """A QR code that apps read, as a data URI of an SVG picture."""
    address = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)
    return segno.make(address, error="m").svg_data_uri(scale=4, border=2, light="white")


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step that a code of six digits is of, one before and after now allowed; None if it is of none."""
    digits = "".join(code.split())
    if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
        return None
    current = int(now.timestamp()) // _SECONDS
    totp = pyotp.TOTP(secret)
    return next((current + step for step in _STEPS if totp.verify(digits, for_time=(current + step) * _SECONDS)), None)


async def take_code(connection: Connection, operator: Operator, code: str, key: str, now: datetime) -> bool:
    """Whether the code is right and was not used before; it is used now."""
    if operator.totp_secret is None:
        return False
    step = step_of(open_secret(operator.totp_secret, key), code, now)
    return step is not None and await operators.take_totp_step(connection, operator.id, step)
