"""In: the e-mail address of an order; out: why it is not the customer's, or None. Pure.

Marketplaces replace the customer's address by one of their own, and integrations invent one where none is given. Mail
to such an address never arrives, or a stranger reads name, order and link.
"""

from dataclasses import dataclass

# Domains at which marketplaces relay or hide addresses: never mailed, whichever channel sold the order.
_MASKED = frozenset(
    {
        "ct.vtex.com.br",
        "mail.mercadolivre.com",
        "mail.mercadolivre.com.br",
        "mail.mercadolibre.com",
        "mercadolivre.com",
        "mercadolivre.com.br",
        "marketplace.amazon.com",
        "marketplace.amazon.com.br",
        "marketplace.amazon.com.mx",
        "marketplace.amazon.co.uk",
        "marketplace.amazon.de",
        "marketplace.amazon.es",
        "members.ebay.com",
    }
)
# Reserved domains without addresses (RFC 2606, RFC 6761), and placeholders for a missing address.
_RESERVED = frozenset({"invalid", "localhost", "test", "local"})
_PLACEHOLDERS = frozenset(
    {
        "noemail.com",
        "noemail.com.br",
        "sememail.com",
        "sememail.com.br",
        "semmail.com.br",
        "naotem.com",
        "naotem.com.br",
        "naopossui.com",
        "naopossui.com.br",
        "naoinformado.com",
        "naoinformado.com.br",
        "naoinformou.com.br",
    }
)
# Public mail services: real, but integrations invent addresses there for marketplace orders (VTEX writes
# {buyerUsername}@email.com for Shopee: known issue "Shopee Order code: 001 / Invalid Email").
_MADE_UP_FOR_CHANNELS = frozenset({"email.com", "email.com.br", "mail.com", "e-mail.com", "teste.com", "teste.com.br"})
# Companies whose staff have such addresses too: refused only for orders sold by a marketplace.
_OF_MARKETPLACES = frozenset(
    {
        "shopee.com",
        "shopee.com.br",
        "magazineluiza.com.br",
        "marketplace.magazineluiza.com.br",
        "magalu.com",
        "magalu.com.br",
        "marketplace.magalu.com",
        "americanas.com",
        "americanas.com.br",
        "b2wdigital.com",
        "submarino.com.br",
        "shoptime.com.br",
        "cnova.com",
        "viavarejo.com.br",
        "via.com.br",
        "casasbahia.com.br",
        "extra.com.br",
        "pontofrio.com.br",
        "carrefour.com.br",
        "netshoes.com.br",
        "dafiti.com.br",
        "madeiramadeira.com.br",
        "leroymerlin.com.br",
        "aliexpress.com",
        "mail.aliexpress.com",
        "shein.com",
        "temu.com",
        "tiktok.com",
        "scs.tiktokw.us",
    }
)


@dataclass(frozen=True, slots=True)
class AddressRefusal:
    """Why an address is not mailed; `host`: its domain."""

    host: str
    why: str


def address_refusal(address: str, *, sold_elsewhere: bool) -> AddressRefusal | None:
    """Why an address is not the customer's; None if it may be. `sold_elsewhere`: a marketplace sold the order."""
    host = address.strip().lower().rpartition("@")[2].rstrip(".")
    if not host:
        return None
    if host.rpartition(".")[2] in _RESERVED or host in _PLACEHOLDERS:
        return AddressRefusal(host, f"nobody has an address at {host}: it stands for one that is not known")
    if _under(host, _MASKED) or (sold_elsewhere and _under(host, _OF_MARKETPLACES)):
        return AddressRefusal(host, f"the address at {host} is a marketplace's own, not the customer's")
    if sold_elsewhere and host in _MADE_UP_FOR_CHANNELS:
        why = (
            f"the address at {host} was made up for an order of a marketplace, which gives none: a stranger may have it"
        )
        return AddressRefusal(host, why)
    return None


def _under(host: str, domains: frozenset[str]) -> bool:
    """Whether a host is one of these domains, or below one."""
    return any(host == each or host.endswith(f".{each}") for each in domains)
