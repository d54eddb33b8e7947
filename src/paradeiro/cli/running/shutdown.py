"""In: a number of seconds; out: this process ends after that time at the latest, whatever hangs in it.

A thread that waits for a resolver, a library that swallows its cancellation, a server that does not close: none of them
can delay the end. The effect is that of a kill: leases expire, messages in flight are in doubt.
"""

import os
import sys
import threading


def end_within(seconds: float) -> None:
    """End this process with status 1 after so many seconds, unless it has ended by then."""
    timer = threading.Timer(seconds, _end)
    timer.daemon = True
    timer.start()


def _end() -> None:
    sys.stderr.write("something hangs and is left behind; nothing of it is lost\n")
    sys.stderr.flush()
    os._exit(1)
