"""In: JSON from integrators; out: JSON. One router; every door needs a key with the right scope."""

from fastapi import APIRouter, Depends

from paradeiro.web.api import (
    audit,
    bulk,
    carriers,
    channels,
    customers,
    keys,
    mailing,
    notices,
    orders,
    proofs,
    replacing,
    resend,
    shipments,
    suppressions,
    untold,
    webhooks,
)
from paradeiro.web.api.parameters import only_known

router = APIRouter(prefix="/api/v1", dependencies=[Depends(only_known)])
router.include_router(bulk.router)
router.include_router(shipments.router)
router.include_router(replacing.router)
router.include_router(proofs.router)
router.include_router(orders.router)
router.include_router(notices.router)
router.include_router(resend.router)
router.include_router(mailing.router)
router.include_router(channels.router)
router.include_router(carriers.router)
router.include_router(customers.router)
router.include_router(suppressions.router)
router.include_router(untold.router)
router.include_router(webhooks.router)
router.include_router(keys.router)
router.include_router(audit.router)
