"""In: how a party's answers deviate; out: one clause for each, in English or Portuguese."""

from paradeiro.domain.words import Drift

_EN = {
    Drift.UNREADABLE: "answers that we cannot read ({detail})",
    Drift.FIELD_GONE: "the field '{detail}' is gone",
    Drift.FIELD_NEW: "there is a new field '{detail}'",
    Drift.TYPE_CHANGED: "the field '{detail}' is of another type",
    Drift.EVENTS_GONE: "nothing is said any more of packages that had events",
    Drift.SLOWER: "answers take at least four times as long as usual",
    Drift.UNSTEADY: "it fails and answers by turns",
}
_PT = {
    Drift.UNREADABLE: "respostas que não conseguimos ler ({detail})",
    Drift.FIELD_GONE: "o campo “{detail}” sumiu",
    Drift.FIELD_NEW: "há um campo novo, “{detail}”",
    Drift.TYPE_CHANGED: "o campo “{detail}” mudou de tipo",
    Drift.EVENTS_GONE: "nada mais é dito de pacotes que já tinham eventos",
    Drift.SLOWER: "as respostas demoram pelo menos quatro vezes mais que de costume",
    Drift.UNSTEADY: "ora falha, ora responde",
}
_MOST = 6


def drift_clauses(deviations: str, *, portuguese: bool = False) -> str:
    """`deviations`: one per line, each `drift detail` as the notice's facts store them. Unknown lines are left out."""
    said = []
    for line in deviations.splitlines():
        drift, _, detail = line.partition(" ")
        if drift in set(Drift):
            said.append((_PT if portuguese else _EN)[Drift(drift)].format(detail=detail))
    more = len(said) - _MOST
    if more > 0:
        said[_MOST:] = [f"e mais {more}" if portuguese else f"and {more} more"]
    return "; ".join(said)
