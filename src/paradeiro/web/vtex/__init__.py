"""In: calls in the shapes of VTEX; out: answers in the same shapes. Why: decision 0016."""

from fastapi import APIRouter

from paradeiro.web.vtex import network, oms, orders, seller

router = APIRouter()
router.include_router(oms.router)
router.include_router(orders.router)
router.include_router(seller.router)
router.include_router(network.router)
