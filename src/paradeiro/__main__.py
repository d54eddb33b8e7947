"""In: `python -m paradeiro …`; out: the same as the command `paradeiro …`."""

from paradeiro.cli import main

main()
