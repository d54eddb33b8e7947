"""In: ids of stores; out: what recording and planning need of them: stores, accounts, connectors."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from paradeiro.db.accounts import stores
from paradeiro.db.accounts.stores import Account, Store
from paradeiro.db.following.shipments import ShipmentRow
from paradeiro.db.pool import Connection
from paradeiro.domain.outbox.plan import Sinks
from paradeiro.domain.words import EffectKind, PartyKind
from paradeiro.flow.context import Context
from paradeiro.sdk.contract import Connector


@dataclass(frozen=True, slots=True)
class RecordingContext:
    """The stores involved in a recording, with their accounts and connectors."""

    stores: Mapping[int, Store]
    accounts: Sequence[Account]
    connectors: Mapping[str, Connector]

    def sink(self, row: ShipmentRow, kind: PartyKind) -> Account | None:
        """The account that sends messages about this shipment to this kind of sink."""
        return next(iter(self.all_sinks(row, kind)), None)

    def all_sinks(self, row: ShipmentRow, kind: PartyKind) -> list[Account]:
        """The sink accounts of a kind for this shipment: all webhook endpoints, else at most one."""
        mine = [a for a in self.accounts if a.store_id == row.shipment.store_id and a.kind is kind]
        if kind is PartyKind.MARKETPLACE:
            mine = [a for a in mine if a.channel == row.order.channel]
        return mine if kind is PartyKind.WEBHOOK else mine[:1]

    def supported_effects(self, account: Account) -> Collection[EffectKind]:
        """The effects an account supports; all for a missing connector, so that they wait until it is back."""
        connector = self.connectors.get(account.connector)
        return connector.effects if connector else frozenset(EffectKind)

    def sinks(self, row: ShipmentRow) -> Sinks:
        market = self.sink(row, PartyKind.MARKETPLACE)
        connector = self.connectors.get(market.connector) if market else None
        return Sinks(
            order_system=self.sink(row, PartyKind.ORDER_SYSTEM) is not None,
            marketplace=market is not None,
            needs_invoice=connector is None or connector.needs_invoice,
            mail=self.sink(row, PartyKind.MAIL) is not None,
            webhooks=self.sink(row, PartyKind.WEBHOOK) is not None,
        )

    def by_invoice(self, account: Account) -> bool:
        """Whether an account gets messages per invoice (with all its packages) instead of per package."""
        effects = self.supported_effects(account)
        sells = account.kind is PartyKind.MARKETPLACE and EffectKind.MARKETPLACE_INVOICE in effects
        return sells or account.kind is PartyKind.ORDER_SYSTEM

    def zone(self, row: ShipmentRow) -> ZoneInfo:
        connector = self.connectors.get(row.shipment.carrier)
        # A carrier whose connector is missing still gets events by hand and from other sources.
        return ZoneInfo(connector.time_zone if connector else self.stores[row.shipment.store_id].time_zone)


async def load_recording_context(
    context: Context, connection: Connection, store_ids: Iterable[int]
) -> RecordingContext:
    """Read the stores and their accounts."""
    ids = sorted(set(store_ids))
    return RecordingContext(
        await stores.stores(connection, ids),
        await stores.accounts(connection, context.secret_key, store_ids=ids),
        context.connectors,
    )
