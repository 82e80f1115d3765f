"""`centrala serve`: one site until SIGTERM or Ctrl-C."""

import asyncio
import gc
import os
import signal
from pathlib import Path

import structlog
from aiohttp import web

from app import logs
from app.compose import Application
from app.crash_at import arm_from_environment
from app.doors import web_application
from app.stores import ensure_secret
from config.schema import Settings

log = structlog.get_logger()

SHUTDOWN_S = 3.0


async def run_site(settings: Settings, *, folder: Path) -> None:
    """Run the site of `settings` until the process is told to stop; then finish what was taken in."""
    logs.set_up(settings.logging.level, settings.logging.format)
    arm_from_environment()
    await ensure_secret(settings, folder, os.environ)
    application = Application(settings, folder=folder, environment=os.environ)
    stopping = stop_signal()
    try:
        await application.start()
        runner = await open_web(
            web_application(application, public_url=settings.web.public_url), settings.web.host, settings.web.port
        )
        log.info("site_ready", host=settings.web.host, port=settings.web.port, url=settings.web.public_url)
        # What is here now stays: it need never be looked at again.
        gc.freeze()
        gc.enable()
        application.prepare_understanding()
        await stopping.wait()
        log.info("site_stopping")
        await runner.cleanup()
    finally:
        await application.stop()
    log.info("site_stopped")


async def open_web(app: web.Application, host: str, port: int) -> web.AppRunner:
    """Serve `app`; the runner's `cleanup` stops it."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner


def stop_signal() -> asyncio.Event:
    """Return an event that SIGTERM and Ctrl-C set."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    return stopping
