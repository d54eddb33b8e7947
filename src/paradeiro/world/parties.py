"""In: a truth and a clock; out: the simulated outside as one value: every party, its state and its credentials."""

from dataclasses import dataclass, field

from paradeiro.world.clock import WorldClock
from paradeiro.world.correios import Contract, Post
from paradeiro.world.correios_bulk import Bulk, Counter
from paradeiro.world.correios_proofs import Archive, service_of
from paradeiro.world.correios_push import Pushes
from paradeiro.world.faults import Faults
from paradeiro.world.mail import MailServer
from paradeiro.world.marketplace import Marketplace
from paradeiro.world.mercado_livre import MercadoLivre
from paradeiro.world.recorded import Recorded
from paradeiro.world.scenario import CHANNELS
from paradeiro.world.seventeen_track import Aggregator
from paradeiro.world.truth import Truth
from paradeiro.world.vtex import OrderSystem
from paradeiro.world.vtex_news import OrderNews

HOST = "127.0.0.1"
"""Where every party listens."""


@dataclass(slots=True)
class World:
    """The parties, where they listen, and what opens their doors."""

    clock: WorldClock
    truth: Truth
    recorded: Recorded
    faults: Faults
    post: Post
    order_system: OrderSystem
    marketplace: Marketplace
    mercado_livre: MercadoLivre
    mail: MailServer
    pushes: Pushes
    bulk: Bulk
    archive: Archive
    aggregator: Aggregator
    news: OrderNews
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
        }

    def stand_in(self) -> dict[str, str]:
        """The settings of an account at the aggregator, for who wants a second source."""
        return {"base_url": self.urls["seventeen_track"], "token": self.aggregator.token}

    def described(self) -> dict[str, object]:
        """All that another process needs: addresses, credentials, the clock, the marketplaces' channels."""
        return {
            "urls": self.urls,
            "accounts": self.accounts(),
            "stand_in": self.stand_in(),
            "clock": self.clock.described(),
            "channels": CHANNELS,
        }

    @property
    def breaches(self) -> list[str]:
        return self.order_system.breaches + self.marketplace.breaches + self.mercado_livre.breaches


def make_world(truth: Truth, clock: WorldClock) -> World:
    """The parties, not listening yet."""
    recorded, faults = Recorded(), Faults(clock=clock)
    contract = Contract("loja-exemplo", "codigo-de-acesso-do-mundo", "0099999999", api_key="cws-ch1_do-mundo")
    order_system = OrderSystem(truth, clock, "vtexappkey-loja-MUNDO", "token-do-mundo")
    post = Post(truth, contract, clock, recorded, service_of=service_of)
    return World(
        clock,
        truth,
        recorded,
        faults,
        post,
        order_system,
        Marketplace(truth, clock, "vtexappkey-mkt-MUNDO", "token-do-mercado"),
        MercadoLivre(truth, clock),
        MailServer(clock, faults=faults),
        Pushes(post),
        Bulk(post, Counter(post, looks=1)),
        Archive(post, Counter(post)),
        Aggregator(truth, "chave-do-agregador", clock),
        OrderNews(order_system),
    )
