"""In: nothing; out: the sign-in page's errors, in Portuguese and English. Part of screens.py."""

SIGN_IN_TEXTS = {
    "stale_sign_in": (
        "Esta página tinha envelhecido. Agora está nova: tente de novo.",
        "This page had grown old. Now it is fresh: try again.",
    ),
    "too_many_keys": (
        "Foram muitas tentativas daqui. Espere alguns minutos e tente de novo.",
        "Too many tries from here. Wait a few minutes and try again.",
    ),
}
