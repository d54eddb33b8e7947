"""In: statuses, reasons, places and times; out: natural sentences, complete in each language."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradeiro.domain.following.timeline import fold
from paradeiro.domain.records import Place, Timeline
from paradeiro.domain.words import Reason, Source, Status, Withdraws
from paradeiro.sdk.hard_cases import NOW, event
from paradeiro.sdk.public_history import public_events, public_lines
from paradeiro.sdk.wording import CATALOGUES, Catalogue, Language, Tone, catalogue_for
from paradeiro.sdk.wording.places import place_line, place_name, tidy
from paradeiro.sdk.wording.shipment_wording import (
    correction_sentence,
    event_words,
    fill_template,
    journey_steps,
    lateness_sentence,
    position_text,
    status_tone,
    status_wording,
)
from paradeiro.sdk.wording.times import date_words, day_words, zone_of

PT, EN, ES = (CATALOGUES[language] for language in (Language.PT, Language.EN, Language.ES))
ZONE = ZoneInfo("America/Sao_Paulo")
CAMPINAS = Place("CAMPINAS", "SP", "BR")
ALL = [(s, r) for s in Status for r in (None, *Reason)]


def timeline(*events: object, estimate: datetime | None = None) -> Timeline:
    return fold(events, now=NOW, base=Status.REGISTERED, estimate=estimate)  # type: ignore[arg-type] # from event()


def sentence(catalogue: Catalogue, *events: object, now: datetime = NOW) -> str:
    return position_text(timeline(*events), now=now, zone=ZONE, catalogue=catalogue).sentence


def test_the_catalogues_say_the_same_things() -> None:
    for catalogue in CATALOGUES.values():
        assert catalogue.words.keys() == PT.words.keys()
        assert {k: w.act for k, w in catalogue.words.items()} == {k: w.act for k, w in PT.words.items()}
        assert catalogue.reasons.keys() == PT.reasons.keys() == set(Reason) - {Reason.OTHER}
        assert catalogue.labels.steps.keys() == PT.labels.steps.keys()
        assert len(catalogue.calendar.months) == 12
        assert len(catalogue.calendar.weekdays) == len(catalogue.calendar.on_weekday) == 7
    assert {(s, None) for s in Status} <= PT.words.keys()


@pytest.mark.parametrize("catalogue", CATALOGUES.values(), ids=lambda c: c.language.value)
def test_every_status_and_reason_is_a_whole_sentence(catalogue: Catalogue) -> None:
    full = {"when": "W", "at": "A", "via": "V", "to": "T"}
    for status, reason in ALL:
        words = status_wording(catalogue, status, reason)
        for values in (full, {}, {"when": "W"}, {"to": "T"}):
            said = fill_template(words.sentence, values)
            assert re.fullmatch(r"[^\[\]{}]+\.", said), said
            assert "  " not in said
            assert said[0].isupper()
        assert words.label
        assert words.then.endswith(".")
        assert isinstance(status_tone(catalogue, status, reason), Tone)


@pytest.mark.parametrize(
    ("catalogue", "said"),
    [
        (PT, "Saiu para entrega hoje em Campinas."),
        (EN, "Out for delivery today in Campinas."),
        (ES, "Salió a reparto hoy en Campinas."),
    ],
)
def test_out_for_delivery_is_said_as_people_say_it(catalogue: Catalogue, said: str) -> None:
    assert sentence(catalogue, event(Status.OUT_FOR_DELIVERY, 192, CAMPINAS)) == said


def test_the_journey_is_said_with_where_it_goes_and_what_it_passed() -> None:
    rio = Place("RIO DE JANEIRO", "RJ", "BR")
    assert sentence(PT, event(Status.IN_TRANSIT, 168, CAMPINAS, destination=rio)) == (
        "Está a caminho do Rio de Janeiro: passou por Campinas ontem."
    )
    assert sentence(PT, event(Status.IN_TRANSIT, 150, rio)) == "Está a caminho: passou pelo Rio de Janeiro no domingo."
    assert sentence(PT, event(Status.IN_TRANSIT, 150, CAMPINAS, destination=CAMPINAS)) == (
        "Está a caminho: passou por Campinas no domingo."
    )
    assert sentence(PT, event(Status.IN_TRANSIT, 150, Place())) == "Está a caminho."


def test_the_line_names_the_city_of_each_stop_that_was_passed() -> None:
    rio = Place("RIO DE JANEIRO", "RJ", "BR")
    happened = [
        event(Status.ACCEPTED, 0, CAMPINAS),
        event(Status.IN_TRANSIT, 20, CAMPINAS),
        event(Status.IN_TRANSIT, 40, rio),
        event(Status.OUT_FOR_DELIVERY, 60, Place()),
    ]
    assert [s.city for s in journey_steps(fold(happened, now=NOW), PT)] == ["Campinas", "Rio de Janeiro", "", ""]
    there = [*happened, event(Status.DELIVERED, 62, rio)]
    assert [s.city for s in journey_steps(fold(there, now=NOW), PT)] == [
        "Campinas",
        "Rio de Janeiro",
        "",
        "Rio de Janeiro",
    ]
    undone = [*there, event(None, 63, rio, withdraws=Withdraws.PREVIOUS)]
    assert [s.city for s in journey_steps(fold(undone, now=NOW), PT)] == ["Campinas", "Rio de Janeiro", "", ""]


def test_a_reason_without_its_own_sentence_is_said_after_the_statuss() -> None:
    assert sentence(PT, event(Status.RETURNING, 100, reason=Reason.PICKUP_EXPIRED)) == (
        "O pacote está voltando para a loja. Motivo: o prazo para retirar terminou."
    )


@pytest.mark.parametrize(
    ("shouted", "said"),
    [
        ("SAO JOSE DOS CAMPOS", "São José dos Campos"),
        ("RIO DE JANEIRO", "Rio de Janeiro"),
        ("SANTA BARBARA D'OESTE", "Santa Barbara D'Oeste"),
        ("PIO XII", "Pio XII"),
        ("AGF VILA MARIANA", "AGF Vila Mariana"),
        ("foz do iguacu", "Foz do Iguaçu"),
        ("Unidade de Tratamento", "Unidade de Tratamento"),
        ("McAllen", "McAllen"),
        ("  CAMPO   GRANDE\r\n", "Campo Grande"),
        ("", ""),
        (None, ""),
    ],
)
def test_places_are_written_as_people_write_them(shouted: str | None, said: str) -> None:
    assert place_name(shouted) == said


@given(st.text())
def test_a_place_name_is_one_line_and_stays_so(text: str) -> None:
    once = place_name(text)
    assert len(f"{once}x".splitlines()) == 1
    assert tidy(once) == once


def test_places_on_one_line() -> None:
    assert place_line(CAMPINAS) == "Campinas\u00a0(SP)"
    assert place_line(Place("SHENZHEN", None, "CN", "EMS")) == "Shenzhen, CN"
    assert place_line(Place(None, "SP", "BR", "CTE"), unit=True) == "CTE · SP"
    assert place_line(None) == place_line(Place()) == ""


def test_days_are_said_from_today() -> None:
    today = date(2026, 3, 10)
    said = [day_words(today - timedelta(days=n), today, PT.calendar) for n in (0, 1, 3, 6, 7, 100)]
    assert said == ["hoje", "ontem", "no sábado", "na quarta", "em 3 de março", "em 30 de novembro de 2025"]
    ahead = [date_words(today + timedelta(days=n), today, PT.calendar) for n in (0, 1, 2, 300)]
    assert ahead == ["hoje", "amanhã", "quinta, 12 de março", "segunda, 4 de janeiro de 2027"]


def test_an_unknown_zone_or_locale_is_dull_not_fatal() -> None:
    assert zone_of("Mars/Phobos", "") is UTC
    assert zone_of("../../etc/passwd", "America/Manaus") == ZoneInfo("America/Manaus")
    assert catalogue_for("en_US") is EN
    assert catalogue_for("es-419") is ES
    assert catalogue_for("zz") is catalogue_for("") is PT


def late(*events: object, promised_in_days: float, estimate_in_days: float | None = None) -> str:
    estimate = None if estimate_in_days is None else NOW + timedelta(days=estimate_in_days)
    snapshot = timeline(*events, estimate=estimate).snapshot
    promised = NOW + timedelta(days=promised_in_days)
    return lateness_sentence(promised, snapshot, now=NOW, zone=ZONE, catalogue=PT)


def test_a_late_package_is_said_to_be_late() -> None:
    moving = event(Status.IN_TRANSIT, 150)
    assert late(moving, promised_in_days=1) == ""
    assert late(moving, promised_in_days=0) == ""
    assert late(moving, promised_in_days=-1).startswith("Está atrasado: o prazo era segunda, 9 de março.")
    assert late(moving, promised_in_days=1, estimate_in_days=3) == (
        "Vai chegar depois do prazo, que era quarta, 11 de março. A nova previsão é sexta, 13 de março."
    )
    assert "atrasado" in late(moving, promised_in_days=-3, estimate_in_days=-1)
    assert late(event(Status.DELIVERED, 190), promised_in_days=-2).startswith("Chegou depois do prazo")
    assert late(event(Status.DELIVERED, 190), promised_in_days=2) == ""
    assert late(event(Status.RETURNING, 190), promised_in_days=-2) == ""
    assert late(event(Status.EXCEPTION, 190, reason=Reason.LOST), promised_in_days=-2) == ""


def line(*events: object) -> list[tuple[str, str]]:
    return [(stop.step.value, stop.state) for stop in journey_steps(timeline(*events), PT)]


def test_the_journey_line_shows_where_it_is() -> None:
    posted = event(Status.ACCEPTED, 1)
    assert [state for _, state in line()] == ["left"] * 4
    assert line(posted)[:2] == [("posted", "here"), ("moving", "left")]
    assert line(posted, event(Status.DELIVERED, 9)) == [
        (step, "passed") for step in ("posted", "moving", "out", "delivered")
    ]
    assert line(posted, event(Status.AVAILABLE_FOR_PICKUP, 9))[2:] == [("pickup", "here"), ("picked_up", "left")]
    picked = (posted, event(Status.AVAILABLE_FOR_PICKUP, 9), event(Status.DELIVERED, 12))
    assert line(*picked)[-1] == ("picked_up", "passed")
    assert line(posted, event(Status.RETURNED, 9))[-1] == ("back", "passed")
    halted = (posted, event(Status.OUT_FOR_DELIVERY, 5), event(Status.EXCEPTION, 9, reason=Reason.ON_HOLD))
    assert ("out", "here") in line(*halted)
    assert line(posted, event(Status.EXCEPTION, 9, reason=Reason.LOST)) == []


def test_a_withdrawn_delivery_is_reported_once_and_by_whom() -> None:
    out, delivered = event(Status.OUT_FOR_DELIVERY, 1), event(Status.DELIVERED, 2)
    undone = event(None, 3, code="EST", withdraws=Withdraws.PREVIOUS)
    by_carrier = timeline(out, delivered, undone)
    assert [t.undoes_delivery for t in public_events(by_carrier)] == [False, True]
    assert "transportadora" in correction_sentence(by_carrier, PT)
    reopened = event(
        Status.EXCEPTION, 5, code="reopen", withdraws=Withdraws.DELIVERY, source=Source.OPERATOR, reason=None
    )
    by_store = timeline(out, delivered, reopened)
    assert [t.undoes_delivery for t in public_events(by_store)] == [False, True]
    assert "A loja corrigiu" in correction_sentence(by_store, PT)


def test_other_withdrawals_and_technical_notes_are_not_reported() -> None:
    undone = event(None, 3, code="EST", withdraws=Withdraws.PREVIOUS)
    story = timeline(event(Status.ACCEPTED, 1), event(Status.EXCEPTION, 2), undone, event(None, 4))
    assert [t.event.status for t in public_events(story)] == [Status.ACCEPTED]


def test_each_word_of_the_timeline_has_an_owner() -> None:
    moving = event(Status.IN_TRANSIT, 1, CAMPINAS, destination=Place("ILHEUS", "BA"))
    assert event_words(moving, PT) == "A caminho de Ilhéus"
    assert event_words(replace(moving, reason=Reason.DELAYED), PT) == "A caminho de Ilhéus, com atraso"
    assert event_words(replace(moving, source=Source.API, description="Saiu do depósito"), PT) == "Saiu do depósito"
    noted = replace(moving, source=Source.OPERATOR, description="Cliente nervoso, ligar")
    assert event_words(noted, PT) == "A caminho de Ilhéus"
    unknown = event(Status.UNKNOWN, 1, description="Etapa nova")
    assert event_words(unknown, PT) == "Etapa nova"
    assert event_words(replace(unknown, description=""), EN) == unknown.code


def test_an_operators_note_is_not_public() -> None:
    words = "Cliente nervoso, ligar"
    noted = event(Status.EXCEPTION, 5, source=Source.OPERATOR, reason=None, description=words, detail=words)
    story = timeline(event(Status.ACCEPTED, 1), noted)
    assert position_text(story, now=NOW, zone=ZONE, catalogue=PT).note == ""
    assert "nervoso" not in str(public_lines(story, ZONE, PT))
    reopened = replace(noted, source=Source.API, code="reopen", withdraws=Withdraws.DELIVERY)
    undone = timeline(event(Status.DELIVERED, 4), reopened)
    assert public_lines(undone, ZONE, PT)[-1].text.startswith(PT.correction.in_history)
    assert "nervoso" not in str(public_lines(undone, ZONE, PT))


def test_lines_are_in_the_stores_time_and_oldest_first() -> None:
    story = timeline(event(Status.IN_TRANSIT, 14, CAMPINAS, detail="por favor aguarde"), event(Status.ACCEPTED, 1))
    lines = public_lines(story, ZONE, PT)
    assert [(at.date, at.time, at.city, at.state) for at in lines] == [
        ("2026-03-02", "10:30", "São Paulo", "SP"),
        ("2026-03-02", "23:30", "Campinas", "SP"),
    ]
    assert lines[1].text == "Objeto: in_transit (por favor aguarde)"
