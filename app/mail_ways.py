"""How mail comes in: a reader for each folder of a mailbox, a listener for each channel that servers deliver to.

Each stands alone: one that fails or hangs keeps none of the others waiting.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Literal

import structlog

from app.engine import Clock
from app.mail_intake import MailIntake
from app.mail_logins import MailLogins
from channels.email.imap import ImapHealth, ImapMailbox
from channels.email.imap_progress import Bookmark
from channels.email.listener import ListenerLimits, MailListener
from config.channel_schema import EmailChannel, ReceiveImap, ReceiveLmtp
from config.secrets import certificate_of
from vocabulary.instants import SECOND
from vocabulary.stores import Store
from web.site import Fetching, Listening, MailboxState

log = structlog.get_logger()


class MailWays:
    """The readers and listeners of all e-mail channels."""

    def __init__(
        self,
        channels: Mapping[str, EmailChannel],
        *,
        store: Store,
        intake: MailIntake,
        clock: Clock,
        logins: MailLogins,
        hostname: str,
        accepts: Callable[[str], bool],
    ) -> None:
        self._channels = channels
        self._store = store
        self._intake = intake
        self._clock = clock
        self._logins = logins
        self._hostname = hostname
        self._accepts = accepts
        self.mailboxes: dict[tuple[str, str], ImapMailbox] = {}
        """By channel and folder: what this process reads."""
        self.listeners: dict[str, MailListener] = {}

    # -- servers that deliver

    async def listen(self) -> None:
        """Open the sockets.

        Raises:
            OSError: an address is taken.
        """
        for name, channel in self._channels.items():
            if isinstance(channel.receive, ReceiveImap):
                continue
            receive = channel.receive
            listener = MailListener(
                host=receive.host,
                port=receive.port,
                protocol=_protocol(channel),
                deliver=self._intake.delivered,
                accepts=self._accepts,
                size_max=receive.size_max,
                hostname=self._hostname,
                now=self._clock.now,
                tls_context=certificate_of(receive),
                limits=ListenerLimits(
                    connections=receive.connections,
                    connections_per_peer=receive.connections_per_peer,
                    mails_per_peer_minute=receive.mails_per_minute,
                ),
            )
            await listener.start()
            self.listeners[name] = listener
            log.info("mail_listening", channel=name, host=receive.host, port=listener.port)

    async def hang_up(self, seconds: float) -> None:
        """Close the sockets; what is being delivered has `seconds`."""
        await asyncio.gather(*(listener.stop(seconds) for listener in self.listeners.values()))

    # -- mailboxes

    def readers(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """Return what reads each folder for ever, under the name of its task."""
        return {
            f"mailbox:{name}:{folder}": partial(self._read, name, receive, folder)
            for name, receive, folder in self._folders()
        }

    def _folders(self) -> Iterator[tuple[str, ReceiveImap, str]]:
        for name, channel in self._channels.items():
            if isinstance(channel.receive, ReceiveImap):
                for folder in (channel.receive.folder, *channel.receive.folders):
                    yield name, channel.receive, folder

    async def _read(self, name: str, receive: ReceiveImap, folder: str) -> None:
        """Read a folder from where its last reader came to."""
        kept = await self._store.bookmark(name, folder)

        async def known(uidvalidity: int, from_uid: int) -> frozenset[int]:
            return frozenset(await self._store.fetched_uids(name, folder, uidvalidity, from_uid=from_uid))

        self.mailboxes[name, folder] = mailbox = ImapMailbox(
            host=receive.host,
            port=receive.port,
            account=self._logins.account(self._channels[name], receive),
            folder=folder,
            tls=receive.tls,
            size_max=receive.size_max,
            bookmark=Bookmark(kept.uidvalidity, kept.uid) if kept is not None else None,
            deliver=partial(self._intake.fetched, name, folder),
            known=known,
            now=self._clock.now,
            pause=self._pause,
        )
        try:
            await mailbox.run()
        finally:
            # Another node may read it from now on.
            self.mailboxes.pop((name, folder), None)

    async def _pause(self, seconds: float) -> None:
        await self._clock.sleep(round(seconds * SECOND))

    # -- how they are

    def states(self) -> Sequence[MailboxState]:
        """Return how each of them is doing, channel by channel."""
        listening = [self._listening(name) for name in self.listeners]
        fetching = [self._fetching(name, receive, folder) for name, receive, folder in self._folders()]
        places = list(self._channels)
        return sorted((*listening, *fetching), key=lambda state: places.index(state.channel))

    def _listening(self, name: str) -> MailboxState:
        channel, listener = self._channels[name], self.listeners[name]
        counts = listener.counts
        return MailboxState(
            channel=name,
            address=channel.address,
            protocol=_protocol(channel),
            server=f"{channel.receive.host}:{listener.port}",
            last_mail_at=counts.taken_at,
            listening=Listening(
                taken=counts.taken, refused=counts.refused, put_off=counts.put_off, connections=counts.connections
            ),
        )

    def _fetching(self, name: str, receive: ReceiveImap, folder: str) -> MailboxState:
        mailbox = self.mailboxes.get((name, folder))
        return MailboxState(
            channel=name,
            address=self._channels[name].address,
            protocol="imap",
            server=f"{receive.host}:{receive.port}",
            folder=folder,
            last_mail_at=mailbox.health.last_fetch_at if mailbox is not None else None,
            fetching=_fetching(mailbox.health) if mailbox is not None else Fetching(is_elsewhere=True),
        )


def _fetching(health: ImapHealth) -> Fetching:
    trouble = health.trouble
    return Fetching(
        lag=health.lag,
        server_count=health.server_count,
        stored_count=health.stored_count,
        counted_at=health.reconciled_at,
        last_contact_at=health.last_contact_at,
        next_try_at=health.next_try_at,
        trouble=trouble.code if trouble is not None else None,
        told=trouble.told if trouble is not None else "",
        failing_since=trouble.since if trouble is not None else None,
    )


def _protocol(channel: EmailChannel) -> Literal["lmtp", "smtp"]:
    return "lmtp" if isinstance(channel.receive, ReceiveLmtp) else "smtp"
