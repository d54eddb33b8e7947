"""In: JSON from integrators; out: JSON. One router; every endpoint needs a key with the right scope."""

from fastapi import APIRouter, Depends

from paradeiro.web.api import customers
from paradeiro.web.api.operations import api_keys, audit, notices
from paradeiro.web.api.orders import bulk, codes, couriers, files, label_replacement, orders, proofs, shipments
from paradeiro.web.api.outbox import carrier_tables, channels, mailing, resend, suppressions, untold, webhooks
from paradeiro.web.api.parameters import refuse_unknown_parameters

router = APIRouter(prefix="/api/v1", dependencies=[Depends(refuse_unknown_parameters)])
router.include_router(bulk.router)
router.include_router(shipments.router)
router.include_router(label_replacement.router)
router.include_router(proofs.router)
router.include_router(orders.router)
router.include_router(notices.router)
router.include_router(resend.router)
router.include_router(mailing.router)
router.include_router(channels.router)
router.include_router(carrier_tables.router)
router.include_router(couriers.router)
router.include_router(files.router)
router.include_router(codes.router)
router.include_router(customers.router)
router.include_router(suppressions.router)
router.include_router(untold.router)
router.include_router(webhooks.router)
router.include_router(api_keys.router)
router.include_router(audit.router)
