"""In: a parsed answer; out: the same with the account and the reply that it came by."""

from dataclasses import dataclass

from paradeiro.db.accounts.stores import Account
from paradeiro.db.carriers.identifiers import Named
from paradeiro.db.following.replies import Reply
from paradeiro.domain.records import ParsedAnswer


@dataclass(frozen=True, slots=True)
class AccountAnswer:
    """A parsed answer, with the account and the reply that it came by."""

    account: Account
    reply: Reply
    parsed: ParsedAnswer

    @property
    def named(self) -> list[Named]:
        """What it names its shipment by, beside a tracking code that was asked."""
        return [(self.account.id, identifier) for identifier in self.parsed.identifiers]
