"""In: nothing; out: the texts of the codes screen, in Portuguese and English."""

CODE_TEXTS = {
    "codes": ("Códigos das transportadoras", "Carriers' codes"),
    "codes_hint": (
        (
            "Um código que ninguém aqui conhece fica na história do pacote, mas não muda a situação dele. Diga o que "
            "significa: vale para os pacotes que já o têm e para os próximos. Notícias antigas não geram e-mails."
        ),
        (
            "A code that nobody here knows stays in the package's history, but moves nothing. Say what it means: that "
            "holds for packages that have it and for those to come. Nobody is mailed old news."
        ),
    ),
    "codes_unknown": ("Ninguém conhece", "Nobody knows"),
    "codes_none_unknown": ("Nenhum código espera.", "No code waits."),
    "codes_mapped": ("O que foi dito", "What was said"),
    "codes_none_mapped": ("Nada foi dito ainda.", "Nothing was said yet."),
    "code_of_carrier": ("Código", "Code"),
    "code_packages": ("Pacotes", "Packages"),
    "code_means": ("Significa", "Means"),
    "code_choose": ("Escolha…", "Choose…"),
    "code_set": ("Dizer", "Say"),
    "code_other": ("Outro", "Other"),
    "code_none": ("não muda a situação", "does not concern the position"),
    "code_forget": ("ninguém sabe", "nobody knows"),
    "see_codes": ("dizer o que significam", "say what they mean"),
    "done.code": (
        "Anotado: os pacotes com este código foram corrigidos.",
        "Noted: packages with this code are corrected.",
    ),
    "error.known_code": (
        "Nenhum pacote tem este código sem significado; nada foi feito.",
        "No package has this code without a meaning; nothing was done.",
    ),
    "error.no_mapping": (
        "Ninguém tinha dito o que este código significa; nada foi feito.",
        "Nobody had said what this code means; nothing was done.",
    ),
    "error.bad_code": ("Falta o código; nada foi feito.", "The code is missing; nothing was done."),
    "error.bad_status": ("Escolha o que o código significa.", "Choose what the code means."),
    "error.bad_reason": ("Escolha o que o código significa.", "Choose what the code means."),
}
