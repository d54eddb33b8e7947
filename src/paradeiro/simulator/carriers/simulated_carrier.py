"""In: nothing; out: what every simulated carrier beside the post office is, so that a scenario can have any of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import ClassVar

from starlette.applications import Starlette

from paradeiro.simulator.carriers.drawn_pictures import DrawnPicture
from paradeiro.simulator.scenario.ground_truth import GroundTruth, Package

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class SentPush:
    """A request that the carrier sends to its customer's webhook address at an instant."""

    at: datetime
    headers: dict[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file that the carrier writes for its customer at an instant."""

    at: datetime
    name: str
    content: bytes = field(repr=False)


@dataclass(slots=True)
class SimulatedCarrier:
    """A carrier's part of the ground truth. Subclasses answer its interface (`app`), push, or write files.

    `calls`: requests by name of the operation; `asked`: what each request asked about.
    """

    ground_truth: GroundTruth
    clock: Clock
    calls: dict[str, int] = field(default_factory=dict)
    asked: list[list[str]] = field(default_factory=list)

    name: ClassVar[str]
    """The connector's name."""
    courier: ClassVar[str]
    """How an order system writes it."""
    sayable: ClassVar[frozenset[str]]
    """Which of `carrier_journeys.HAPPENINGS` it can tell; each has the status that is given there."""
    untimed: ClassVar[frozenset[str]] = frozenset()
    """Which of them it tells without saying when."""
    known_by_key: ClassVar[bool] = False
    """Whether its packages have no code at the order system, but the key of their invoice."""

    events_field: ClassVar[str] = ""
    """The field of its JSON answers without which nothing can be read; empty: it gives no JSON."""
    secret_fields: ClassVar[tuple[str, ...]] = ()
    """What its customer's requests are proven by; empty: it asks for no proof."""
    feed_path: ClassVar[str] = ""
    """In the path of its feed; empty: it has none."""

    @property
    def packages(self) -> list[Package]:
        return self.ground_truth.packages_of(self.name)

    def count(self, operation: str, *asked: str) -> None:
        """Note a request."""
        self.calls[operation] = self.calls.get(operation, 0) + 1
        self.asked.append(list(asked))

    @classmethod
    def new_code(cls, chance: Random, number: int) -> str:
        """A tracking code of this carrier; `number` is different for each package."""
        raise NotImplementedError

    @classmethod
    def own_number(cls, code: str) -> str:  # noqa: ARG003 - for subclasses
        """What else it calls the package that has this code; empty for nothing."""
        return ""

    def pictures(self, package: Package, at: datetime) -> list[DrawnPicture]:  # noqa: ARG002 - for subclasses
        """What proves the delivery of one of its packages that is valid at an instant, also what is shown later."""
        return []

    def app(self) -> Starlette:
        """Its interface."""
        return Starlette()

    def settings(self, url: str) -> dict[str, str]:
        """The settings of an account at it, whose interface listens at `url`."""
        raise NotImplementedError

    def replace_secrets(self) -> None:
        """Its customer has new credentials; the former ones and their tokens are refused from now on."""
        for name in self.secret_fields:
            setattr(self, name, f"{getattr(self, name)}-new")
        tokens = getattr(self, "tokens", None)
        if tokens is not None:
            tokens.clear()

    def push_secret(self, settings: Mapping[str, str], hook_secret: str) -> str:  # noqa: ARG002 - for subclasses
        """What it proves its pushes with: the secret that our address was given, or one of the account's settings."""
        return hook_secret

    def pushes(self, since: datetime, until: datetime, secret: str) -> list[SentPush]:  # noqa: ARG002 - for subclasses
        """What it pushes of what became visible after `since`, until `until`, proven with `secret`."""
        return []

    def files(self, since: datetime, until: datetime) -> list[WrittenFile]:  # noqa: ARG002 - for subclasses
        """The files that it writes of what became visible after `since`, until `until`."""
        return []
