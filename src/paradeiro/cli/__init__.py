"""In: the words typed after `paradeiro`; out: the exit status and what is printed."""

from paradeiro.cli.commands import app


def main() -> None:
    """The command `paradeiro`."""
    app()
