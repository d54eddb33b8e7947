"""In: seeded chance, a package's posting; out: its life through postal stages, with working hours and weekends."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import holidays

from paradeiro.world.network import CITIES, HUBS
from paradeiro.world.truth import Happening

ZONE = ZoneInfo("America/Sao_Paulo")
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_AGENCY, _HUB, _DELIVERY = "Agência dos Correios", "Unidade de Tratamento", "Unidade de Distribuição"
# Knows every year that it is asked about.
_HOLIDAYS = holidays.country_holidays("BR")
_ON_ITS_WAY = "Objeto em transferência - por favor aguarde"

# What becomes of packages, and how often in a thousand.
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


class Life:
    """One package's life while it is being made up: where it is, what time it is there."""

    def __init__(self, chance: Random, posted_at: datetime) -> None:
        self.chance = chance
        self.now = working(posted_at)
        self.origin = chance.choice(CITIES[:4])
        self.target = chance.choice(CITIES)
        self.told: list[Happening] = []

    def tell(
        self, code: str, says: str | None, text: str, where: tuple[str, str], unit: str, **more: str | None
    ) -> None:
        """Something happens here and now; the interface shows it a little later, sometimes much later."""
        moment = self.now.replace(microsecond=0)
        dice = self.chance.random()
        least, most = (1, 20) if dice < 0.7 else (20, 120) if dice < 0.95 else (120, 360)
        delay = self.chance.uniform(least, most) * _MINUTE
        event = Happening(moment, moment + delay, code, says, text, city=where[0], state=where[1], unit=unit)
        self.told.append(replace(event, **more))  # type: ignore[arg-type]  # texts by their names

    def wait(self, least: float, most: float) -> None:
        """Hours go by."""
        self.now += self.chance.uniform(least, most) * _HOUR

    def tomorrow(self, hour: float) -> None:
        """The next working day, in the morning."""
        day = self.now.astimezone(ZONE) + _DAY
        self.now = working(day.replace(hour=0, minute=0, second=0) + hour * _HOUR)

    @property
    def here(self) -> tuple[str, str]:
        return self.target[0], self.target[1]


def working(at: datetime) -> datetime:
    """The instant itself if post offices work then, else when they next open (Mon-Fri 8-18, Sat 8-12, no holidays)."""
    local = at.astimezone(ZONE)
    for _ in range(12):
        closes = time(0) if local.date() in _HOLIDAYS else {5: time(12), 6: time(0)}.get(local.weekday(), time(18))
        if local.time() < time(8) and closes > time(8):
            return local.replace(hour=8, minute=local.minute, second=local.second)
        if time(8) <= local.time() < closes:
            return local
        local = (local + _DAY).replace(hour=7, minute=59)
    return local


def _posted(life: Life) -> None:
    origin = (life.origin[0], life.origin[1])
    if life.chance.random() < 0.4:
        label = life.now - life.chance.uniform(2, 20) * _HOUR
        after, life.now = life.now, label
        life.tell("FC/82", "registered", "Etiqueta emitida", ("", "BR"), "INTERFACE DO SISTEMA")
        life.now = after
    late = life.now.astimezone(ZONE).hour >= 17
    life.tell("PO/09" if late else "PO/01", "accepted", "Objeto postado", origin, _AGENCY)


def _travels(life: Life) -> None:
    """From the agency over hubs to the unit that delivers; lorries drive by night too."""
    origin, hub = (life.origin[0], life.origin[1]), life.chance.choice(HUBS)
    life.wait(0.1, 6)
    life.tell("DO/01", "in_transit", _ON_ITS_WAY, origin, _AGENCY, to_city=hub[0], to_state=hub[1])
    life.wait(3, 14)
    life.tell("RO/01", "in_transit", _ON_ITS_WAY, hub, _HUB, to_city=life.here[0], to_state=life.here[1])
    life.wait(life.target[2] * 1.1 + 2, life.target[2] * 1.6 + 12)
    life.tell("DO/01", "in_transit", _ON_ITS_WAY, life.here, _HUB, to_city=life.here[0], to_state=life.here[1])


def _goes_out(life: Life) -> None:
    life.tomorrow(life.chance.uniform(8, 10))
    life.tell("OEC/01", "out_for_delivery", "Objeto saiu para entrega ao destinatário", life.here, _DELIVERY)
    life.wait(0.5, 6)


def _delivered(life: Life, code: str = "BDE/01") -> None:
    life.tell(
        code,
        "delivered",
        "Objeto entregue ao destinatário",
        life.here,
        _DELIVERY,
        detail="Avalie o serviço na pesquisa <a href='https://example.com'>aqui</a>\r\n"
        if life.chance.random() < 0.2
        else "",
    )


def _live_delivered(life: Life) -> None:
    _posted(life)
    _travels(life)
    _goes_out(life)
    _delivered(life, life.chance.choice(("BDE/01", "BDE/01", "BDE/01", "BDE/67", "BDE/70")))


def _live_attempt_failed(life: Life) -> None:
    _posted(life)
    _travels(life)
    _goes_out(life)
    life.tell("BDE/20", "attempt_failed", "Carteiro não atendido - Entrega não realizada", life.here, _DELIVERY)
    _goes_out(life)
    _delivered(life)


def _waits_at_counter(life: Life) -> None:
    life.tomorrow(9)
    until = f"{life.now.astimezone(ZONE) + 7 * _DAY:%Y-%m-%d}"
    text = "Objeto aguardando retirada no endereço indicado"
    life.tell("LDI/01", "available_for_pickup", text, life.here, _AGENCY, deadline=until)


def _live_pickup(life: Life) -> None:
    _posted(life)
    _travels(life)
    _waits_at_counter(life)
    life.tomorrow(life.chance.uniform(9, 16))
    _delivered(life, "BDI/01")


def _live_returned(life: Life) -> None:
    _posted(life)
    _travels(life)
    _goes_out(life)
    code, text = life.chance.choice(
        (
            ("BDE/10", "Cliente mudou-se - Entrega não realizada"),
            ("BDE/21", "Carteiro não atendido - Entrega não realizada"),
            ("BDE/04", "Cliente recusou-se a receber o objeto - Entrega não realizada"),
        )
    )
    life.tell(code, "returning", text, life.here, _DELIVERY, detail="Objeto será devolvido ao remetente")
    _travels_back(life)


def _travels_back(life: Life) -> None:
    """To the sender. The lists it is sent with are the same codes as on the way there: it is returning all the same."""
    home, hub = (life.origin[0], life.origin[1]), life.chance.choice(HUBS)
    life.tomorrow(9)
    life.tell("RO/01", "returning", _ON_ITS_WAY, life.here, _DELIVERY, to_city=hub[0], to_state=hub[1])
    life.wait(life.target[2] * 1.1 + 2, life.target[2] * 1.6 + 12)
    life.tell("RO/01", "returning", _ON_ITS_WAY, hub, _HUB, to_city=home[0], to_state=home[1])
    life.tomorrow(9)
    life.tell("OEC/09", "returning", "Objeto saiu para entrega ao remetente", home, _DELIVERY)
    life.wait(2, 6)
    life.tell("BDE/23", "returned", "Objeto entregue ao remetente", home, _DELIVERY)


def _live_pickup_expired(life: Life) -> None:
    """Nobody came for it in seven days."""
    _posted(life)
    _travels(life)
    _waits_at_counter(life)
    life.now += 8 * _DAY
    life.tomorrow(9)
    text = "Destinatário não retirou objeto no prazo"
    life.tell("BDE/26", "returning", text, life.here, _AGENCY, detail="Objeto será devolvido ao remetente")
    _travels_back(life)


def _live_delayed(life: Life) -> None:
    """It was to be at the unit by now. It comes later: BDE/09 is no end (facts/correios, section 4, rule 5)."""
    _posted(life)
    _travels(life)
    life.tomorrow(10)
    text = "Objeto ainda não chegou à unidade"
    life.tell("BDE/09", "in_transit", text, life.here, _DELIVERY, detail="Por favor, aguarde")
    life.tomorrow(8)
    life.tell("RO/01", "in_transit", _ON_ITS_WAY, life.here, _HUB)
    _goes_out(life)
    _delivered(life)


def _live_damaged(life: Life) -> None:
    """Seen to be damaged, then delivered all the same, or sent back."""
    _posted(life)
    _travels(life)
    life.wait(4, 20)
    life.tell("BDE/28", "exception", "Objeto e/ou conteúdo avariado", life.here, _HUB)
    _goes_out(life)
    if life.chance.random() < 0.5:
        _delivered(life)
    else:
        text = "Cliente recusou-se a receber o objeto - Entrega não realizada"
        life.tell("BDE/04", "returning", text, life.here, _DELIVERY, detail="Objeto será devolvido ao remetente")
        _travels_back(life)


def _live_withdrawn(life: Life) -> None:
    """Written off as delivered by mistake; the post office takes it back, and delivers the next day."""
    _posted(life)
    _travels(life)
    _goes_out(life)
    _delivered(life)
    life.wait(1.5, 3)
    text = "Favor desconsiderar a informação anterior"
    life.tell("EST/01", None, text, life.here, _DELIVERY, undoes="previous")
    _goes_out(life)
    _delivered(life)


def _live_corrected(life: Life) -> None:
    _posted(life)
    _travels(life)
    _goes_out(life)
    _delivered(life)
    life.wait(2, 4)
    text = "Carteiro não atendido - Entrega não realizada"
    life.tell("BDR/20", "attempt_failed", text, life.here, _DELIVERY, undoes="delivery")
    _goes_out(life)
    _delivered(life)


def _live_found_again(life: Life) -> None:
    _posted(life)
    _travels(life)
    life.wait(10, 20)
    life.tell("BDE/50", "exception", "Objeto roubado", life.here, _DELIVERY)
    life.tomorrow(11)
    text = "Favor desconsiderar a informação anterior"
    life.tell("EST/02", None, text, life.here, _DELIVERY, undoes="previous")
    _goes_out(life)
    _delivered(life)


def _live_same_second(life: Life) -> None:
    """Three events in one second: seen in the wild."""
    _posted(life)
    _travels(life)
    life.tomorrow(10)
    life.tell("RO/01", "in_transit", _ON_ITS_WAY, life.here, _DELIVERY)
    life.tell("OEC/01", "out_for_delivery", "Objeto saiu para entrega ao destinatário", life.here, _DELIVERY)
    _delivered(life)


def _live_abroad(life: Life) -> None:
    hong_kong: dict[str, str | None] = {"country": "HONG KONG"}
    life.tell("PO/01", "accepted", "Objeto postado", ("", ""), "País", **hong_kong)
    life.wait(20, 40)
    life.tell("RO/01", "in_transit", "Objeto em trânsito - por favor aguarde", ("", ""), "País", **hong_kong)
    life.wait(60, 90)
    life.tell("PAR/16", "in_transit", "Objeto recebido pelos Correios do Brasil", ("CURITIBA", "PR"), _HUB)
    life.wait(2, 10)
    life.tell("PAR/21", "in_transit", "Encaminhado para fiscalização aduaneira", ("CURITIBA", "PR"), _HUB)
    if life.chance.random() < 0.6:
        life.wait(4, 20)
        life.tell("PAR/17", "exception", "Aguardando pagamento", ("CURITIBA", "PR"), _HUB)
        life.wait(20, 30)
        life.tell("PAR/31", "in_transit", "Pagamento confirmado", ("CURITIBA", "PR"), _HUB)
    life.wait(4, 10)
    life.tell("PAR/10", "in_transit", "Fiscalização aduaneira finalizada", ("CURITIBA", "PR"), _HUB)
    life.wait(10, 20)
    life.tell("RO/01", "in_transit", _ON_ITS_WAY, ("CURITIBA", "PR"), _HUB, to_city=life.here[0], to_state=life.here[1])
    life.wait(life.target[2] * 1.1 + 2, life.target[2] * 1.6 + 12)
    _goes_out(life)
    _delivered(life)


def _live_never_posted(_: Life) -> None:
    """A label, perhaps, and nothing ever."""


_LIVES: dict[str, Callable[[Life], None]] = {
    "delivered": _live_delivered,
    "attempt_failed": _live_attempt_failed,
    "pickup": _live_pickup,
    "returned": _live_returned,
    "withdrawn": _live_withdrawn,
    "corrected": _live_corrected,
    "found_again": _live_found_again,
    "never_posted": _live_never_posted,
    "same_second": _live_same_second,
    "abroad": _live_abroad,
    "delayed": _live_delayed,
    "damaged": _live_damaged,
    "pickup_expired": _live_pickup_expired,
}


def journey(chance: Random, posted_at: datetime, kind: str | None = None) -> tuple[str, list[Happening]]:
    """What will happen to a package: its kind and its events, in the order of their times."""
    kind = kind or chance.choices(list(KINDS), list(KINDS.values()))[0]
    life = Life(chance, posted_at)
    _LIVES[kind](life)
    return kind, sorted(life.told, key=lambda h: h.happened_at)
