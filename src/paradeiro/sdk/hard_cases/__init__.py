"""In: nothing; out: the cases that have gone wrong before: messages to render, and what carriers send."""

from paradeiro.sdk.hard_cases.effects import INJECTED, NOW, ODD_NUMBER, ODD_TEXT, event, hard_cases

__all__ = ["INJECTED", "NOW", "ODD_NUMBER", "ODD_TEXT", "event", "hard_cases"]
