"""Brings a phone to the program: the encrypted listener, and where the phone is to look for it."""

from __future__ import annotations

import logging
import sys

from livetrack_vcam.live.pipeline import Pipeline
from livetrack_vcam.settings import Settings
from livetrack_vcam.sources.browser import BrowserCamera
from livetrack_vcam.user_folders import config_folder
from livetrack_vcam.web.addresses import network_addresses
from livetrack_vcam.web.camera_page import PATH
from livetrack_vcam.web.certificate import ensure_certificate, own_hosts, server_context
from livetrack_vcam.web.listening import Https
from livetrack_vcam.web.qr import print_qr
from livetrack_vcam.web.server import WebServer

log = logging.getLogger(__name__)


def open_https(settings: Settings) -> Https | None:
    """The encrypted listener, if it is wanted, with a certificate for every address of now.

    Raises SinkBusyError.
    """
    if not settings.https:
        return None
    hosts = own_hosts(network_addresses())
    if settings.host not in hosts:
        hosts = (*hosts, settings.host)
    return Https(settings.https_port, server_context(ensure_certificate(config_folder(), hosts)))


def announce_network(server: WebServer, room: str) -> None:
    """The room's links for others, if others are let in."""
    links = server.links
    if links.https_port is not None:
        log.info("Encrypted, too:          %s", links.encrypted("/"))
    if links.host == links.home:
        return
    network = links.network(room)
    for link in network:
        log.info("From the network:        %s", link)
    if not network:
        log.warning(
            "this computer is on no network, so only its own browsers reach %s", links.here(room)
        )


def invite_phone(
    phone: BrowserCamera, server: WebServer, pipeline: Pipeline, show_code: bool
) -> None:
    """Say where the phone is to look, on the pictures too; its secret only as a code on a terminal.

    `show_code`: nobody reads the terminal but the user.
    """
    links = server.links
    secure = links.secure(PATH)
    phone.link = secure[0] if secure else links.here(PATH)
    pipeline.render.waiting_line = f"Waiting for the phone: open {phone.link}"
    pipeline.render.away_line = "The phone is away. Waiting for it."
    log.info("Phone as the camera:     %s (%s)", phone.link, server.ctl_command("camera"))
    if not secure:
        log.warning(
            "a phone cannot reach that; let it in with --https --host 0.0.0.0, for browsers give "
            "the camera only to encrypted pages"
        )
    elif show_code:
        print_qr(server.camera_page.link, sys.stderr)
