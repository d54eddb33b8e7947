"""In: nothing; out: the texts of the screen of carriers' files."""

FILE_TEXTS: dict[str, tuple[str, str]] = {
    "files": ("Arquivos das transportadoras", "Carriers' files"),
    "files_hint": (
        (
            "Algumas transportadoras contam as novidades em arquivos (EDI). Envie um aqui; o mesmo arquivo conta uma "
            "vez só, mesmo com outro nome. Se o envio cair no meio, envie de novo: continua de onde parou."
        ),
        (
            "Some carriers tell their news in files (EDI). Upload one here; the same file counts once, whatever its "
            "name. If an upload breaks off, send it again: it goes on from there."
        ),
    ),
    "files_no_account": (
        "Nenhuma conta lê arquivos ainda. Quem cuida do servidor cria uma com o comando abaixo.",
        "No account reads files yet. Whoever runs the server makes one with the command below.",
    ),
    "files_none": ("Nenhum arquivo chegou ainda.", "No file has come yet."),
    "file": ("Arquivo", "File"),
    "file_send": ("Enviar", "Send"),
    "file_taken": (
        "{name} foi lido: {parts} partes guardadas, {bad} que não se leem.",
        "{name} was read: {parts} parts kept, {bad} cannot be read.",
    ),
    "file_known": ("{name} já tinha chegado; nada foi feito.", "{name} had come before; nothing was done."),
    "file_source": ("Como veio", "How it came"),
    "file_parts": ("Partes", "Parts"),
    "file_problems": ("O que não se lê", "What cannot be read"),
    "file_line": ("linha {n}", "line {n}"),
    "file_more": ("e mais {n}", "and {n} more"),
    "file_half": ("lido só até a metade; envie de novo", "read half way only; send it again"),
    "file_all_read": ("nada", "nothing"),
    "action.take_file": ("arquivo de transportadora enviado", "a carrier's file sent"),
    "source.upload": ("enviado", "uploaded"),
    "source.folder": ("pasta", "folder"),
    "source.sftp": ("SFTP", "SFTP"),
    "source.ftps": ("FTPS", "FTPS"),
    "source.mail": ("e-mail", "e-mail"),
    "error.file_too_large": (
        "O arquivo passa de 200 MB; nada foi lido. Peça arquivos menores à transportadora.",
        "The file is larger than 200 MB; nothing was read. Ask the carrier for smaller ones.",
    ),
    "error.file_is_read": (
        "Este arquivo está sendo lido agora mesmo. Veja a lista em instantes.",
        "This file is being read just now. Look at the list in a moment.",
    ),
    "error.no_files": ("Esta conta não lê arquivos.", "This account reads no files."),
}
