"""In: a seeded random source, a package's posting; out: its events through postal stages, by working hours."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import holidays

from paradeiro.simulator.cities import CITIES, HUBS
from paradeiro.simulator.scenario.ground_truth import Happening

ZONE = ZoneInfo("America/Sao_Paulo")
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_AGENCY, _HUB, _DELIVERY = "Agência dos Correios", "Unidade de Tratamento", "Unidade de Distribuição"
# Computes any year on demand.
_HOLIDAYS = holidays.country_holidays("BR")
_ON_ITS_WAY = "Objeto em transferência - por favor aguarde"

# Kinds of journey, and how often each occurs in a thousand.
KINDS = {
    "delivered": 530,
    "attempt_failed": 90,
    "pickup": 70,
    "returned": 50,
    "withdrawn": 40,
    "corrected": 30,
    "found_again": 30,
    "never_posted": 30,
    "same_second": 30,
    "abroad": 30,
    "delayed": 30,
    "damaged": 20,
    "pickup_expired": 20,
}


class PackageJourney:
    """One package's journey under construction: its place and local time."""

    def __init__(self, chance: Random, posted_at: datetime) -> None:
        self.chance = chance
        self.now = next_working_instant(posted_at)
        self.origin = chance.choice(CITIES[:4])
        self.target = chance.choice(CITIES)
        self.events: list[Happening] = []

    def add_event(
        self, code: str, says: str | None, text: str, where: tuple[str, str], unit: str, **more: str | None
    ) -> None:
        """Add an event here and now; the interface shows it a little later, sometimes much later."""
        moment = self.now.replace(microsecond=0)
        dice = self.chance.random()
        least, most = (1, 20) if dice < 0.7 else (20, 120) if dice < 0.95 else (120, 360)
        delay = self.chance.uniform(least, most) * _MINUTE
        event = Happening(moment, moment + delay, code, says, text, city=where[0], state=where[1], unit=unit)
        self.events.append(replace(event, **more))  # type: ignore[arg-type]  # texts by their names

    def wait(self, least: float, most: float) -> None:
        """Let a random number of hours pass."""
        self.now += self.chance.uniform(least, most) * _HOUR

    def tomorrow(self, hour: float) -> None:
        """Go to the next working day, in the morning."""
        day = self.now.astimezone(ZONE) + _DAY
        self.now = next_working_instant(day.replace(hour=0, minute=0, second=0) + hour * _HOUR)

    @property
    def here(self) -> tuple[str, str]:
        return self.target[0], self.target[1]


def next_working_instant(at: datetime) -> datetime:
    """The instant itself if post offices are open then, else when they next open (Mon-Fri 8-18, Sat 8-12, no
    holidays).
    """
    local = at.astimezone(ZONE)
    for _ in range(12):
        closes = time(0) if local.date() in _HOLIDAYS else {5: time(12), 6: time(0)}.get(local.weekday(), time(18))
        if local.time() < time(8) and closes > time(8):
            return local.replace(hour=8, minute=local.minute, second=local.second)
        if time(8) <= local.time() < closes:
            return local
        local = (local + _DAY).replace(hour=7, minute=59)
    return local


def _post(life: PackageJourney) -> None:
    origin = (life.origin[0], life.origin[1])
    if life.chance.random() < 0.4:
        label = life.now - life.chance.uniform(2, 20) * _HOUR
        after, life.now = life.now, label
        life.add_event("FC/82", "registered", "Etiqueta emitida", ("", "BR"), "INTERFACE DO SISTEMA")
        life.now = after
    late = life.now.astimezone(ZONE).hour >= 17
    life.add_event("PO/09" if late else "PO/01", "accepted", "Objeto postado", origin, _AGENCY)


def _travel(life: PackageJourney) -> None:
    """From the agency over hubs to the unit that delivers; lorries drive by night too."""
    origin, hub = (life.origin[0], life.origin[1]), life.chance.choice(HUBS)
    life.wait(0.1, 6)
    life.add_event("DO/01", "in_transit", _ON_ITS_WAY, origin, _AGENCY, to_city=hub[0], to_state=hub[1])
    life.wait(3, 14)
    life.add_event("RO/01", "in_transit", _ON_ITS_WAY, hub, _HUB, to_city=life.here[0], to_state=life.here[1])
    life.wait(life.target[2] * 1.1 + 2, life.target[2] * 1.6 + 12)
    life.add_event("DO/01", "in_transit", _ON_ITS_WAY, life.here, _HUB, to_city=life.here[0], to_state=life.here[1])


def _go_out(life: PackageJourney) -> None:
    life.tomorrow(life.chance.uniform(8, 10))
    life.add_event("OEC/01", "out_for_delivery", "Objeto saiu para entrega ao destinatário", life.here, _DELIVERY)
    life.wait(0.5, 6)


def _deliver(life: PackageJourney, code: str = "BDE/01") -> None:
    life.add_event(
        code,
        "delivered",
        "Objeto entregue ao destinatário",
        life.here,
        _DELIVERY,
        detail="Avalie o serviço na pesquisa <a href='https://example.com'>aqui</a>\r\n"
        if life.chance.random() < 0.2
        else "",
    )


def _journey_delivered(life: PackageJourney) -> None:
    _post(life)
    _travel(life)
    _go_out(life)
    _deliver(life, life.chance.choice(("BDE/01", "BDE/01", "BDE/01", "BDE/67", "BDE/70")))


def _journey_attempt_failed(life: PackageJourney) -> None:
    _post(life)
    _travel(life)
    _go_out(life)
    life.add_event("BDE/20", "attempt_failed", "Carteiro não atendido - Entrega não realizada", life.here, _DELIVERY)
    _go_out(life)
    _deliver(life)


def _wait_at_counter(life: PackageJourney) -> None:
    life.tomorrow(9)
    until = f"{life.now.astimezone(ZONE) + 7 * _DAY:%Y-%m-%d}"
    text = "Objeto aguardando retirada no endereço indicado"
    life.add_event("LDI/01", "available_for_pickup", text, life.here, _AGENCY, deadline=until)


def _journey_pickup(life: PackageJourney) -> None:
    _post(life)
    _travel(life)
    _wait_at_counter(life)
    life.tomorrow(life.chance.uniform(9, 16))
    _deliver(life, "BDI/01")


def _journey_returned(life: PackageJourney) -> None:
    _post(life)
    _travel(life)
    _go_out(life)
    code, text = life.chance.choice(
        (
            ("BDE/10", "Cliente mudou-se - Entrega não realizada"),
            ("BDE/21", "Carteiro não atendido - Entrega não realizada"),
            ("BDE/04", "Cliente recusou-se a receber o objeto - Entrega não realizada"),
        )
    )
    life.add_event(code, "returning", text, life.here, _DELIVERY, detail="Objeto será devolvido ao remetente")
    _travel_back(life)


def _travel_back(life: PackageJourney) -> None:
    """To the sender. Its transfers have the same codes as on the way there, but the status is returning."""
    home, hub = (life.origin[0], life.origin[1]), life.chance.choice(HUBS)
    life.tomorrow(9)
    life.add_event("RO/01", "returning", _ON_ITS_WAY, life.here, _DELIVERY, to_city=hub[0], to_state=hub[1])
    life.wait(life.target[2] * 1.1 + 2, life.target[2] * 1.6 + 12)
    life.add_event("RO/01", "returning", _ON_ITS_WAY, hub, _HUB, to_city=home[0], to_state=home[1])
    life.tomorrow(9)
    life.add_event("OEC/09", "returning", "Objeto saiu para entrega ao remetente", home, _DELIVERY)
    life.wait(2, 6)
    life.add_event("BDE/23", "returned", "Objeto entregue ao remetente", home, _DELIVERY)


def _journey_pickup_expired(life: PackageJourney) -> None:
    """Not picked up in seven days."""
    _post(life)
    _travel(life)
    _wait_at_counter(life)
    life.now += 8 * _DAY
    life.tomorrow(9)
    text = "Destinatário não retirou objeto no prazo"
    life.add_event("BDE/26", "returning", text, life.here, _AGENCY, detail="Objeto será devolvido ao remetente")
    _travel_back(life)


def _journey_delayed(life: PackageJourney) -> None:
    """Expected at the unit by now, it comes later: BDE/09 is not final (facts/correios, section 4, rule 5)."""
    _post(life)
    _travel(life)
    life.tomorrow(10)
    text = "Objeto ainda não chegou à unidade"
    life.add_event("BDE/09", "in_transit", text, life.here, _DELIVERY, detail="Por favor, aguarde")
    life.tomorrow(8)
    life.add_event("RO/01", "in_transit", _ON_ITS_WAY, life.here, _HUB)
    _go_out(life)
    _deliver(life)


def _journey_damaged(life: PackageJourney) -> None:
    """Reported as damaged, then delivered all the same, or sent back."""
    _post(life)
    _travel(life)
    life.wait(4, 20)
    life.add_event("BDE/28", "exception", "Objeto e/ou conteúdo avariado", life.here, _HUB)
    _go_out(life)
    if life.chance.random() < 0.5:
        _deliver(life)
    else:
        text = "Cliente recusou-se a receber o objeto - Entrega não realizada"
        life.add_event("BDE/04", "returning", text, life.here, _DELIVERY, detail="Objeto será devolvido ao remetente")
        _travel_back(life)


def _journey_withdrawn(life: PackageJourney) -> None:
    """Reported as delivered by mistake; Correios withdraws that, and delivers the next day."""
    _post(life)
    _travel(life)
    _go_out(life)
    _deliver(life)
    life.wait(1.5, 3)
    text = "Favor desconsiderar a informação anterior"
    life.add_event("EST/01", None, text, life.here, _DELIVERY, undoes="previous")
    _go_out(life)
    _deliver(life)


def _journey_corrected(life: PackageJourney) -> None:
    _post(life)
    _travel(life)
    _go_out(life)
    _deliver(life)
    life.wait(2, 4)
    text = "Carteiro não atendido - Entrega não realizada"
    life.add_event("BDR/20", "attempt_failed", text, life.here, _DELIVERY, undoes="delivery")
    _go_out(life)
    _deliver(life)


def _journey_found_again(life: PackageJourney) -> None:
    _post(life)
    _travel(life)
    life.wait(10, 20)
    life.add_event("BDE/50", "exception", "Objeto roubado", life.here, _DELIVERY)
    life.tomorrow(11)
    text = "Favor desconsiderar a informação anterior"
    life.add_event("EST/02", None, text, life.here, _DELIVERY, undoes="previous")
    _go_out(life)
    _deliver(life)


def _journey_same_second(life: PackageJourney) -> None:
    """Three events in one second: seen in production."""
    _post(life)
    _travel(life)
    life.tomorrow(10)
    life.add_event("RO/01", "in_transit", _ON_ITS_WAY, life.here, _DELIVERY)
    life.add_event("OEC/01", "out_for_delivery", "Objeto saiu para entrega ao destinatário", life.here, _DELIVERY)
    _deliver(life)


def _journey_abroad(life: PackageJourney) -> None:
    hong_kong: dict[str, str | None] = {"country": "HONG KONG"}
    life.add_event("PO/01", "accepted", "Objeto postado", ("", ""), "País", **hong_kong)
    life.wait(20, 40)
    life.add_event("RO/01", "in_transit", "Objeto em trânsito - por favor aguarde", ("", ""), "País", **hong_kong)
    life.wait(60, 90)
    life.add_event("PAR/16", "in_transit", "Objeto recebido pelos Correios do Brasil", ("CURITIBA", "PR"), _HUB)
    life.wait(2, 10)
    life.add_event("PAR/21", "in_transit", "Encaminhado para fiscalização aduaneira", ("CURITIBA", "PR"), _HUB)
    if life.chance.random() < 0.6:
        life.wait(4, 20)
        life.add_event("PAR/17", "exception", "Aguardando pagamento", ("CURITIBA", "PR"), _HUB)
        life.wait(20, 30)
        life.add_event("PAR/31", "in_transit", "Pagamento confirmado", ("CURITIBA", "PR"), _HUB)
    life.wait(4, 10)
    life.add_event("PAR/10", "in_transit", "Fiscalização aduaneira finalizada", ("CURITIBA", "PR"), _HUB)
    life.wait(10, 20)
    life.add_event(
        "RO/01", "in_transit", _ON_ITS_WAY, ("CURITIBA", "PR"), _HUB, to_city=life.here[0], to_state=life.here[1]
    )
    life.wait(life.target[2] * 1.1 + 2, life.target[2] * 1.6 + 12)
    _go_out(life)
    _deliver(life)


def _journey_never_posted(_: PackageJourney) -> None:
    """A label at most, and no further event."""


_JOURNEYS: dict[str, Callable[[PackageJourney], None]] = {
    "delivered": _journey_delivered,
    "attempt_failed": _journey_attempt_failed,
    "pickup": _journey_pickup,
    "returned": _journey_returned,
    "withdrawn": _journey_withdrawn,
    "corrected": _journey_corrected,
    "found_again": _journey_found_again,
    "never_posted": _journey_never_posted,
    "same_second": _journey_same_second,
    "abroad": _journey_abroad,
    "delayed": _journey_delayed,
    "damaged": _journey_damaged,
    "pickup_expired": _journey_pickup_expired,
}


def journey(chance: Random, posted_at: datetime, kind: str | None = None) -> tuple[str, list[Happening]]:
    """A package's kind of journey and its future events, in the order of their times."""
    kind = kind or chance.choices(list(KINDS), list(KINDS.values()))[0]
    life = PackageJourney(chance, posted_at)
    _JOURNEYS[kind](life)
    return kind, sorted(life.events, key=lambda h: h.happened_at)
