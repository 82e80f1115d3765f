"""The doctor tells whether the published key fits the one that signs."""

from pathlib import Path

import pytest

from app.doctor_reach import signature
from app.outgoing import signer_of
from channels.email.resolver import Kind
from config.channel_schema import Dkim, EmailChannel
from tests.channels.email.keys import ed25519_pem, rsa_pem, written
from vocabulary.errors import TemporaryFailure

BOX = EmailChannel(address="support@desk.example.org")


class Names:
    """A domain name system with one record, or none that answers."""

    def __init__(self, *records: str, silent: bool = False) -> None:
        self.asked: list[tuple[str, str]] = []
        self._records = records
        self._silent = silent

    async def records(self, name: str, kind: Kind) -> tuple[str, ...]:
        self.asked.append((name, kind))
        if self._silent:
            raise TemporaryFailure("no answer")
        return self._records


@pytest.mark.parametrize("pem", [rsa_pem(), ed25519_pem()])
async def test_published_key_that_fits_is_well(tmp_path: Path, pem: bytes) -> None:
    dkim = Dkim(selector="c1", key_file=written(pem, tmp_path))
    names = Names("v=spf1 -all", signer_of(BOX, dkim).record)
    assert (await signature("mail", BOX, dkim, names)).state == "ok"
    assert names.asked == [("c1._domainkey.desk.example.org", "TXT")]


async def test_missing_or_other_key_is_told_with_the_record_to_publish(tmp_path: Path) -> None:
    dkim = Dkim(selector="c1", key_file=written(rsa_pem(), tmp_path), domain="example.org")
    record = signer_of(BOX, dkim).record
    for names, found in ((Names(), "no key is published"), (Names("v=DKIM1; p=AAAA"), "is another one")):
        told = await signature("mail", BOX, dkim, names)
        assert told.state == "failed"
        assert found in told.found
        assert told.remedy == f"publish as TXT under c1._domainkey.example.org: {record}"


async def test_name_servers_that_are_silent_are_no_fault_of_the_key(tmp_path: Path) -> None:
    dkim = Dkim(selector="c1", key_file=written(rsa_pem(), tmp_path))
    assert (await signature("mail", BOX, dkim, Names(silent=True))).state == "warning"


async def test_key_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    told = await signature("mail", BOX, Dkim(selector="c1", key_file=tmp_path / "none"), Names())
    assert (told.state, "No such file" in told.found) == ("failed", True)
