"""In: a ground truth and a clock; out: the simulated parties as one value, with state and credentials."""

from dataclasses import dataclass, field

from paradeiro.simulator.carriers.correios import Contract, PostOffice
from paradeiro.simulator.carriers.correios_bulk import Bulk, ReceiptDesk
from paradeiro.simulator.carriers.correios_proofs import ProofArchive, service_of
from paradeiro.simulator.carriers.correios_push import PushService
from paradeiro.simulator.carriers.registry import simulated_carriers
from paradeiro.simulator.carriers.seventeen_track import Aggregator
from paradeiro.simulator.carriers.simulated_carrier import SimulatedCarrier
from paradeiro.simulator.clock import SimulatorClock
from paradeiro.simulator.faults import Faults
from paradeiro.simulator.mailboxes import MailServer
from paradeiro.simulator.marketplaces.marketplace import Marketplace
from paradeiro.simulator.marketplaces.mercado_livre import MercadoLivre
from paradeiro.simulator.order_systems.vtex import OrderSystem
from paradeiro.simulator.order_systems.vtex_news import OrderNews
from paradeiro.simulator.scenario.ground_truth import GroundTruth
from paradeiro.simulator.scenario.recorded_answers import RecordedAnswers
from paradeiro.simulator.scenario.scenario import CHANNELS

HOST = "127.0.0.1"
"""Where every party listens."""


@dataclass(slots=True)
class Simulator:
    """The parties, their addresses and credentials."""

    clock: SimulatorClock
    ground_truth: GroundTruth
    recorded: RecordedAnswers
    faults: Faults
    post: PostOffice
    order_system: OrderSystem
    marketplace: Marketplace
    mercado_livre: MercadoLivre
    mail: MailServer
    pushes: PushService
    bulk: Bulk
    archive: ProofArchive
    aggregator: Aggregator
    news: OrderNews
    carriers: dict[str, SimulatedCarrier] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)
    smtp_port: int = 0

    def accounts(self) -> dict[str, dict[str, str]]:
        """The settings of an account at each party, by connector."""
        keys = {"app_key": self.order_system.app_key, "app_token": self.order_system.app_token}
        contract = self.post.contract
        return {
            "correios": {
                "base_url": self.urls["correios"],
                "user": contract.user,
                "access_code": contract.access_code,
                "posting_card": contract.posting_card,
            },
            "vtex": {"base_url": self.urls["vtex"], **keys},
            "vtex_marketplace": {
                "base_url": self.urls["marketplace"],
                "app_key": self.marketplace.app_key,
                "app_token": self.marketplace.app_token,
            },
            "mercado_livre": {
                "base_url": self.urls["mercado_livre"],
                "client_id": self.mercado_livre.client_id,
                "client_secret": self.mercado_livre.client_secret,
                "refresh_token": self.mercado_livre.first_refresh,
            },
            "email": {
                "host": HOST,
                "port": str(self.smtp_port),
                "tls": "none",
                "from_address": "entregas@loja.example.com",
                "from_name": "Loja",
            },
            **{name: carrier.settings(self.urls[name]) for name, carrier in self.carriers.items()},
        }

    def fallback(self) -> dict[str, str]:
        """The settings of an account at the aggregator, as a second source."""
        return {"base_url": self.urls["seventeen_track"], "token": self.aggregator.token}

    def described(self) -> dict[str, object]:
        """All that another process needs: addresses, credentials, the clock, the marketplaces' channels."""
        return {
            "urls": self.urls,
            "accounts": self.accounts(),
            "stand_in": self.fallback(),
            "clock": self.clock.described(),
            "channels": CHANNELS,
        }

    @property
    def breaches(self) -> list[str]:
        return self.order_system.breaches + self.marketplace.breaches + self.mercado_livre.breaches


def make_simulator(ground_truth: GroundTruth, clock: SimulatorClock) -> Simulator:
    """The parties, not listening yet."""
    recorded, faults = RecordedAnswers(), Faults(clock=clock)
    contract = Contract("loja-exemplo", "codigo-de-acesso-do-mundo", "0099999999", api_key="cws-ch1_do-mundo")
    order_system = OrderSystem(ground_truth, clock, "vtexappkey-loja-MUNDO", "token-do-mundo")
    post = PostOffice(ground_truth, contract, clock, recorded, service_of=service_of)
    return Simulator(
        clock,
        ground_truth,
        recorded,
        faults,
        post,
        order_system,
        Marketplace(ground_truth, clock, "vtexappkey-mkt-MUNDO", "token-do-mercado"),
        MercadoLivre(ground_truth, clock),
        MailServer(clock, faults=faults),
        PushService(post),
        Bulk(post, ReceiptDesk(post, looks=1)),
        ProofArchive(post, ReceiptDesk(post)),
        Aggregator(ground_truth, "chave-do-agregador", clock),
        OrderNews(order_system),
        {
            name: made(ground_truth, clock)
            for name, made in simulated_carriers().items()
            if ground_truth.packages_of(name)
        },
    )
