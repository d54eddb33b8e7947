"""In: nothing; out: the screens' texts about faults of an uploaded table, in Portuguese and English."""

TABLE_TEXTS = {
    "table.empty": ("O arquivo não tem linhas.", "The file has no lines."),
    "table.encoding": ("Salve o arquivo como CSV UTF-8 ou XLSX.", "Save the file as CSV UTF-8 or XLSX."),
    "table.no_column": ("Falta a coluna “{column}”.", "The column “{column}” is missing."),
    "table.column_twice": ("“{column}” e “{text}” são a mesma coluna.", "“{column}” and “{text}” are one column."),
    "table.quotes": ("Aspas sem par a partir da linha {text}.", "A quotation mark is not closed from line {text} on."),
    "table.too_many": ("São {text} linhas; o máximo é 10.000. Divida.", "{text} lines; at most 10,000. Split it."),
    "table.too_wide": ("Há mais valores que colunas.", "There are more values than columns."),
    "table.missing": ("Falta “{column}”.", "“{column}” is missing."),
    "table.too_long": ("“{column}” passa de {text} caracteres.", "“{column}” is longer than {text} characters."),
    "table.date": ("“{text}” não é data: use 23/11/2026.", "“{text}” is no date: write 23/11/2026 or 2026-11-23."),
    "table.amount": ("“{text}” não é valor claro: use 1234,56.", "“{text}” is no clear amount: write 1234.56."),
    "table.text": (
        "“{column}” tem quebra de linha ou caractere de controle.",
        "“{column}” has a line break or a control.",
    ),
    "table.email": ("“{text}” não é e-mail.", "“{text}” is no e-mail address."),
    "table.carrier": (
        "Transportadora “{column}” desconhecida. Há: {text}.",
        "No carrier “{column}”. There are: {text}.",
    ),
    "table.key": ("“{text}” não é chave de NF-e (44 caracteres).", "“{text}” is no NF-e key (44 characters)."),
    "table.key_spoilt": (
        "“{text}” não é chave de NF-e: a planilha a arredondou. Formate a coluna como texto e copie a chave de novo.",
        "“{text}” is no NF-e key: the spreadsheet rounded it. Format the column as text and copy the key again.",
    ),
    "table.code": ("“{column}” não é código desta transportadora.", "“{column}” is no code of this carrier."),
    "table.digit": ("“{column}”: dígito errado; seria {text}.", "“{column}”: wrong check digit; it would be {text}."),
}
