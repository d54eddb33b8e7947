"""In: that this process was told to end; out: that it has ended some seconds later, whatever hangs in it.

A thread that waits for a resolver, a library that swallows its cancellation, a server that does not say goodbye: none
of them is waited for longer. What is cut off so is what a kill cuts off: leases end, what was in flight is in doubt.
"""

import os
import sys
import threading


def end_within(seconds: float) -> None:
    """From now on this process has so long. Its own end before that is as good."""
    timer = threading.Timer(seconds, _end)
    timer.daemon = True
    timer.start()


def _end() -> None:
    sys.stderr.write("something hangs and is left behind; nothing of it is lost\n")
    sys.stderr.flush()
    os._exit(1)
