"""In: settings, and a person at the keyboard; out: the passphrase of backups.

Never an argument: every user of the machine sees those.
"""

import getpass
import os

from paradeiro.settings import Settings

_SHORTEST = 12


class PassphraseError(ValueError):
    """There is no passphrase, or none that can be used. The text says what to do."""


def given_passphrase(settings: Settings) -> str | None:
    """That of the settings; None if there is none. Raises `PassphraseError`."""
    if settings.backup_passphrase is not None and settings.backup_passphrase_file is not None:
        message = "Set one of PARADEIRO_BACKUP_PASSPHRASE and PARADEIRO_BACKUP_PASSPHRASE_FILE, not both."
        raise PassphraseError(message)
    if settings.backup_passphrase is not None:
        return settings.backup_passphrase.get_secret_value()
    if settings.backup_passphrase_file is None:
        return None
    try:
        return settings.backup_passphrase_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        message = f"The passphrase cannot be read from {settings.backup_passphrase_file}: {reason}."
        raise PassphraseError(message) from error


def new_passphrase(settings: Settings) -> str:
    """The one to encrypt with, asked for twice if it is not set. Raises `PassphraseError`."""
    found = given_passphrase(settings)
    if found is None:
        found = _ask("Passphrase of the backup: ")
        if found != _ask("Once more: "):
            message = "These were two different ones. Nothing was written."
            raise PassphraseError(message)
    if len(found) < _SHORTEST:
        message = f"A passphrase has {_SHORTEST} letters at least: this file goes to places that are not yours."
        raise PassphraseError(message)
    return found


def known_passphrase(settings: Settings) -> str:
    """The one to decrypt with, asked for if it is not set. Raises `PassphraseError`."""
    found = given_passphrase(settings)
    return _ask("Passphrase of the backup: ") if found is None else found


def _ask(prompt: str) -> str:
    try:
        # From the terminal itself: standard input may be the backup.
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
        return getpass.getpass(prompt)
    except (OSError, EOFError) as error:
        message = (
            "There is no passphrase: set PARADEIRO_BACKUP_PASSPHRASE_FILE (or PARADEIRO_BACKUP_PASSPHRASE). To back up "
            "without one, and then without the secret key: --no-encryption."
        )
        raise PassphraseError(message) from error
