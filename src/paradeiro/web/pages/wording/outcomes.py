"""In: nothing; out: the screens' texts for the outcomes of requests to parties. Part of screens.py."""

# name: (pt-BR, en).
OUTCOME_TEXTS: dict[str, tuple[str, str]] = {
    "outcome.": ("ainda não perguntado", "not asked yet"),
    "outcome.found": ("respondeu", "it answered"),
    "outcome.not_found": ("ainda não conhece o código", "it does not know the code yet"),
    "outcome.retry": ("não respondeu", "it did not answer"),
    "outcome.auth_failed": ("recusou as credenciais", "it refused the credentials"),
    "outcome.malformed": ("resposta ilegível, guardada", "unreadable answer, kept"),
    "outcome.refused": ("recusou o código", "it refused the code"),
    "outcome.not_written": ("aceitou, mas nada mudou lá", "it accepted, and nothing changed there"),
    "outcome.ended": ("a interface foi desligada", "the interface was switched off"),
}
