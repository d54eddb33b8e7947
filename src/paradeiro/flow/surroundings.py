"""In: ids of stores; out: what planning needs to know of them: the stores, their accounts, who is told where."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from paradeiro.db import stores
from paradeiro.db.pool import Connection
from paradeiro.db.shipments import Kept
from paradeiro.db.stores import Account, Store
from paradeiro.domain.plan import Sinks
from paradeiro.domain.words import EffectKind, PartyKind
from paradeiro.flow.means import Means
from paradeiro.sdk.contract import Connector


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What recording needs to know of the stores involved."""

    stores: Mapping[int, Store]
    accounts: Sequence[Account]
    connectors: Mapping[str, Connector]

    def sink(self, kept: Kept, kind: PartyKind) -> Account | None:
        """The account that tells this sink about this shipment."""
        return next(iter(self.all_sinks(kept, kind)), None)

    def all_sinks(self, kept: Kept, kind: PartyKind) -> list[Account]:
        """The accounts of a kind that tell about this shipment: of endpoints all that there are, else one."""
        mine = [a for a in self.accounts if a.store_id == kept.shipment.store_id and a.kind is kind]
        if kind is PartyKind.MARKETPLACE:
            mine = [a for a in mine if a.channel == kept.order.channel]
        return mine if kind is PartyKind.WEBHOOK else mine[:1]

    def told_at(self, account: Account) -> Collection[EffectKind]:
        """What an account tells. One whose connector is gone keeps everything until it is back: nothing is lost."""
        connector = self.connectors.get(account.connector)
        return connector.effects if connector else frozenset(EffectKind)

    def sinks(self, kept: Kept) -> Sinks:
        market = self.sink(kept, PartyKind.MARKETPLACE)
        connector = self.connectors.get(market.connector) if market else None
        return Sinks(
            order_system=self.sink(kept, PartyKind.ORDER_SYSTEM) is not None,
            marketplace=market is not None,
            needs_invoice=connector is None or connector.needs_invoice,
            mail=self.sink(kept, PartyKind.MAIL) is not None,
            webhooks=self.sink(kept, PartyKind.WEBHOOK) is not None,
        )

    def by_invoice(self, account: Account) -> bool:
        """Whether an account is told of invoices, each with all of its packages, and not of packages."""
        sells = account.kind is PartyKind.MARKETPLACE and EffectKind.MARKETPLACE_INVOICE in self.told_at(account)
        return sells or account.kind is PartyKind.ORDER_SYSTEM

    def zone(self, kept: Kept) -> ZoneInfo:
        connector = self.connectors.get(kept.shipment.carrier)
        # A carrier whose connector is gone is spoken of by hand and by others all the same.
        return ZoneInfo(connector.time_zone if connector else self.stores[kept.shipment.store_id].time_zone)


async def surround(means: Means, connection: Connection, store_ids: Iterable[int]) -> Surroundings:
    """Read the stores and their accounts."""
    ids = sorted(set(store_ids))
    return Surroundings(
        await stores.stores(connection, ids),
        await stores.accounts(connection, means.secret_key, store_ids=ids),
        means.connectors,
    )
