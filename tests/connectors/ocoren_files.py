"""In: occurrences; out: OCOREN files with them, built from the published columns and by no code of the connector."""

END = b"\r\n"
SENDER = "99888777000100"


def head31(name: str = "TRANSPORTES EXEMPLO LTDA") -> list[str]:
    return [
        f"000{'TRANSPORTES EXEMPLO':35}{'LOJA EXEMPLO COMÉRCIO LTDA':35}1003260815OCO100308151".ljust(120),
        "340OCORR100308151".ljust(120),
        f"34111222333000181{name:40}".ljust(120),
    ]


def head50() -> list[str]:
    return [
        f"000{'TRANSPORTES EXEMPLO':35}{'LOJA EXEMPLO LTDA':35}1003260815OCO501003001".ljust(250),
        "540OCORR100308151".ljust(250),
        f"54111222333000181{'TRANSPORTES EXEMPLO LTDA':50}".ljust(250),
    ]


def e31(
    code: str, day: str, time: str = "1200", number: str = "100", *, obs: str = "00", text: str = "", **more: str
) -> str:
    """A record 342: the number as the carrier cut it, to its last eight digits."""
    sender, series = more.get("sender", SENDER), more.get("series", "1")
    return f"342{sender:14}{series:3}{number[-8:]:0>8}{code:0>2}{day}{time:4}{obs:2}{text:70}".ljust(120)


def e50(code: str, day: str, time: str = "1200", number: str = "100", *, obs: str = "00", **more: str) -> str:
    """A record 542."""
    sender, series = more.get("sender", SENDER), more.get("series", "001")
    return f"542{sender:14}{series:3}{number:0>9}{code:0>3}{day}{time:4}{obs:2}{'ROM 77':20}".ljust(250)


def volumes(total: int, delivered: int) -> str:
    """A record 544, with two implied decimals."""
    return f"544{total * 100:0>8}{delivered * 100:0>8}{'CANECA':20}".ljust(250)


def count50(total: int) -> str:
    return f"549{total:0>4}".ljust(250)


def file_of(*lines: str, encoding: str = "latin-1") -> bytes:
    return END.join([*(line.encode(encoding) for line in lines), b""])
