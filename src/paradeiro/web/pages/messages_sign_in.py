"""In: nothing; out: what the sign-in page says, in Portuguese and English. Part of messages.py."""

SIGN_IN_MESSAGES = {
    "stale_sign_in": (
        "Esta página tinha envelhecido. Agora está nova: tente de novo.",
        "This page had grown old. Now it is fresh: try again.",
    ),
    "too_many_keys": (
        "Foram muitas tentativas daqui. Espere alguns minutos e tente de novo.",
        "Too many tries from here. Wait a few minutes and try again.",
    ),
}
