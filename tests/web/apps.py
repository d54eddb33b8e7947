"""In: the context; out: the application as `create_app` makes it, whose routes are made once per test process."""

from collections.abc import Callable
from datetime import datetime
from functools import cache

from fastapi import FastAPI
from fastapi.routing import APIRouter

from paradeiro.app import real_clock as of_nobody
from paradeiro.flow.context import Context
from paradeiro.web import server


@cache
def _router() -> APIRouter:
    return server.create_app(None, of_nobody).router


def create_app(context: Context | None, real_clock: Callable[[], datetime]) -> FastAPI:
    """As `paradeiro.web.server.create_app`. FastAPI reckons the schema of each route when it is first asked for, 0.4 s
    for all of them; an application of our own holds nothing else in them.
    """
    app = server.create_app(context, real_clock)
    app.router = _router()
    return app
