"""In: the environment of a web process; out: the application, and a folder of static files as the bench's ceiling.

As a program it serves both as `paradeiro serve` does.
"""

import os

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from paradeiro.cli.running.processes import serve_command, web_app
from paradeiro.settings import Settings

FOLDER = "PARADEIRO_BENCH_FOLDER"
WORKERS = 2


def app_with_files() -> FastAPI:
    """What a web process serves, and at /bench the files of a folder."""
    app = web_app()
    app.mount("/bench", StaticFiles(directory=os.environ[FOLDER]))
    return app


if __name__ == "__main__":
    serve_command(Settings(), WORKERS, web=f"paradeiro.cli.benches.track_app:{app_with_files.__name__}")
