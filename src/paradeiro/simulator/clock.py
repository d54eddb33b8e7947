"""In: real time, or a set instant; out: the simulated time, which all parties read."""

from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(slots=True)
class SimulatorClock:
    """Stands where it is set; with a `speed` it runs that many times faster than real time, but never past it."""

    at: datetime
    speed: float = 0.0
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        if not self.speed:
            return self.at
        real = datetime.now(UTC)
        return min(self.at + (real - self.began) * self.speed, real)

    def set(self, at: datetime) -> None:
        """Set the time."""
        self.at, self.began = at, datetime.now(UTC)

    def described(self) -> dict[str, str | float]:
        """All that another process needs to compute the same time."""
        return {"epoch": self.at.isoformat(), "began": self.began.isoformat(), "speed": self.speed}
