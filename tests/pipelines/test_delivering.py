"""Reports by mail, through a mail server that nobody here wrote."""

from __future__ import annotations

import email
import email.policy
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from pipelines.addresses import Addresses
from pipelines.house import House
from pipelines.jobs import Channel, Mail, Pipelines
from pipelines.ledger import Ledger
from pipelines.listing import history
from pipelines.runs import Run, State, Step, Task
from pipelines.schema import runs
from tests.faults.server.process import free_port
from tests.pipelines.conftest import DAILY, Clock, job
from tests.pipelines.small import Pages, Sessions
from tests.programs import program

FRIDAY = "2025-11-21"


class Post:
    """What a mail server got, and what it refuses."""

    def __init__(self) -> None:
        self.got: list[tuple[str, EmailMessage]] = []
        self.refusal = ""

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _more: Any) -> str:  # noqa: N802
        if self.refusal:
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.got += [(address, message) for address in envelope.rcpt_tos]
        return "250 OK"


@pytest.fixture
def post() -> Iterator[tuple[Post, int]]:
    handler = Post()
    port = free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port, ready_timeout=60)
    controller.start()
    yield handler, port
    controller.stop()


def mailing(ledger: Ledger, folder: Path, mail: Mail) -> House:
    daily = job(DAILY, deliver=frozenset({Channel.PAGE, Channel.MAIL}))
    said = Pipelines("", folder, folder, {daily.name: daily}, mail=mail)
    return House(said, ledger, Sessions(), Pages(folder / "log"))


def mail(port: int, **more: Any) -> Mail:
    plain: dict[str, Any] = {"addresses": {"ann": "ann@school.example"}, "tls": "none"}
    return Mail("127.0.0.1", port, "Workbench <workbench@school.example>", **{**plain, **more})


def ask(ledger: Ledger, account: str = "ann") -> Run:
    about = {"report": "daily_pnl", "account": account, "first_day": FRIDAY, "last_day": FRIDAY}
    return ledger.ask(DAILY.name, Task(f"account {account}", Step.REPORT, **about))


def worked(house: House) -> list[State | None]:
    return [each.state for each in house.worker().work(threading.Event())]


def test_a_report_is_mailed_to_its_owner(small: Ledger, tmp_path: Path, post: tuple[Post, int]) -> None:
    server, port = post
    asked = ask(small)
    assert worked(mailing(small, tmp_path, mail(port))) == [State.DONE, State.DONE]
    ((address, message),) = server.got
    assert address == message["To"] == "ann@school.example"
    assert message["From"] == "Workbench <workbench@school.example>"
    assert message["Subject"] == "Daily PnL, ann, 2025-11-21"
    assert message["Message-ID"] == f"<{asked.run_id}.1.workbench@school.example>"
    body = message.get_body(("plain",))
    assert body is not None
    assert body.get_content().startswith("ann made nothing")
    (page,) = message.iter_attachments()
    assert page.get_filename() == "daily_pnl-2025-11-21.html"
    report = small.run(asked.run_id)
    assert report is not None
    assert page.get_content().strip() == (tmp_path / report.folder / "report.html").read_text()


def test_a_server_out_of_reach_is_tried_again_and_the_report_is_not_made_again(
    small: Ledger, tmp_path: Path, post: tuple[Post, int], clock: Clock
) -> None:
    server, port = post
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        ask(small)
        closed = mailing(small, tmp_path, mail(nobody.getsockname()[1]))
        assert worked(closed) == [State.DONE, State.WAITING]
    (sending,) = history(small, step=Step.MAIL)
    assert "mail to ann@school.example: 127.0.0.1:" in sending.note
    assert "cannot be used" in sending.note
    clock.pass_s(60)
    assert worked(mailing(small, tmp_path, mail(port))) == [State.DONE]
    assert len(server.got) == 1


@pytest.mark.parametrize(
    ("refusal", "state"),
    [("550 no such user", State.FAILED), ("450 try later", State.WAITING)],
)
def test_what_a_server_refuses_for_good_is_not_sent_again(
    small: Ledger, tmp_path: Path, post: tuple[Post, int], refusal: str, state: State
) -> None:
    server, port = post
    server.refusal = refusal
    ask(small)
    assert worked(mailing(small, tmp_path, mail(port))) == [State.DONE, state]
    (sending,) = history(small, step=Step.MAIL)
    assert sending.note == f"mail to ann@school.example: the server refused it: {refusal}"


def test_a_server_that_does_not_encrypt_is_not_trusted(
    small: Ledger, tmp_path: Path, post: tuple[Post, int]
) -> None:
    server, port = post
    ask(small)
    assert worked(mailing(small, tmp_path, mail(port, tls="starttls"))) == [State.DONE, State.WAITING]
    assert server.got == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A server's certificate that vouches for itself, and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    files = folder / "server.pem", folder / "server.key"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1 "
    words += f"-addext subjectAltName=IP:127.0.0.1 -out {files[0]} -keyout {files[1]}"
    subprocess.run([program("openssl"), *words.split()], check=True, capture_output=True)
    return files


@pytest.fixture
def guarded(certificate: tuple[Path, Path]) -> Iterator[tuple[Post, int]]:
    """A server that takes mail after STARTTLS alone, from who knows the password."""
    handler = Post()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)

    def known(
        _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: LoginPassword
    ) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"workbench", b"right"), handled=False)

    controller = Controller(
        handler,
        hostname="127.0.0.1",
        port=free_port(),
        ready_timeout=60,
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=known,
    )
    controller.start()
    yield handler, controller.port
    controller.stop()


def test_mail_goes_encrypted_to_a_server_whose_certificate_is_known(
    small: Ledger,
    tmp_path: Path,
    guarded: tuple[Post, int],
    certificate: tuple[Path, Path],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not known at first, then with a wrong password, then as it should be; the report is made once."""
    server, port = guarded
    login = {"tls": "starttls", "user": "workbench", "password_env": "WORKBENCH_TEST_SMTP"}
    monkeypatch.setenv("WORKBENCH_TEST_SMTP", "wrong")
    ask(small)
    assert worked(mailing(small, tmp_path, mail(port, **login))) == [State.DONE, State.WAITING]
    (sending,) = history(small, step=Step.MAIL)
    assert "certificate verify failed" in sending.note
    clock.pass_s(60)
    trusting = mailing(small, tmp_path, mail(port, **login, ca_file=certificate[0]))
    assert worked(trusting) == [State.WAITING]
    (sending,) = history(small, step=Step.MAIL)
    assert sending.note.startswith("mail to ann@school.example: the server refused it: 535 ")
    assert server.got == []
    monkeypatch.setenv("WORKBENCH_TEST_SMTP", "right")
    clock.pass_s(120)
    assert worked(trusting) == [State.DONE]
    ((address, _),) = server.got
    assert address == "ann@school.example"


def test_a_password_that_is_not_set_is_named(small: Ledger, tmp_path: Path, post: tuple[Post, int]) -> None:
    _, port = post
    ask(small)
    house = mailing(small, tmp_path, mail(port, user="w", password_env="WORKBENCH_NO_SUCH_PASSWORD"))
    assert worked(house) == [State.DONE, State.FAILED]
    (sending,) = history(small, step=Step.MAIL)
    assert sending.note == "[mail], password_env: 'WORKBENCH_NO_SUCH_PASSWORD' is not set; set it"


def test_a_report_that_was_made_again_meanwhile_is_sent_once(
    small: Ledger, tmp_path: Path, post: tuple[Post, int], clock: Clock
) -> None:
    server, port = post
    asked = ask(small)
    house = mailing(small, tmp_path, mail(port))
    one = house.worker()
    one.work_one()
    small.store.write_now(lambda transaction: transaction.execute(_again(asked.run_id, clock())))
    assert worked(house) == [State.DONE, State.DONE, State.DONE]
    assert [message["Message-ID"] for _, message in server.got] == [
        f"<{asked.run_id}.2.workbench@school.example>"
    ]
    notes = [run.headline for run in history(small, step=Step.MAIL)]
    assert sorted(note.split(":")[0] for note in notes) == ["not delivered", "sent to ann@school.example"]


def _again(run_id: str, now_ns: int) -> sa.Update:
    # Ready for longest, so it is made before the first one is sent.
    return sa.update(runs).where(runs.c.run_id == run_id).values(state=State.WAITING, ready_ns=now_ns - 1)


def test_who_has_no_address_is_told_of(small: Ledger, tmp_path: Path, post: tuple[Post, int]) -> None:
    _, port = post
    ask(small, "bob")
    assert worked(mailing(small, tmp_path, mail(port))) == [State.DONE]
    (sending,) = history(small, step=Step.MAIL)
    assert (sending.state, sending.note) == (State.SKIPPED, "no address is known")


def test_addresses_are_those_that_users_gave(tmp_path: Path) -> None:
    import asyncio

    from tests.identity.conftest import PASSWORD, QUICK, SECRET
    from workbench.identity import CONSOLE, Identity, Role

    url = f"sqlite:///{tmp_path / 'identity.db'}"

    async def people() -> tuple[str, str, str]:
        identity = await Identity.open(url, secret=SECRET, settings=QUICK)
        ann, _ = await identity.create_user(CONSOLE, "ann", role=Role.STUDENT, email="ann@users.example")
        bob, _ = await identity.create_user(CONSOLE, "bob", role=Role.STUDENT)
        email = "prof@users.example"
        await identity.create_user(CONSOLE, "prof", role=Role.INSTRUCTOR, email=email, password=PASSWORD)
        prof = (await identity.login("prof", PASSWORD)).principal
        made = await identity.classes.create(prof, "Markets")
        await identity.close()
        return ann.user_id, bob.user_id, made.class_id

    ann, bob, class_id = asyncio.run(people())
    written = {"everybody": "all@school.example", "carl": "c@x.example"}
    known = Addresses(mail(1, identity=url, addresses=written))

    def of(**about: str) -> list[str]:
        return known(Run.of(Task("t", Step.REPORT, **about).row("j", 0, 0, 0)))

    assert of(account="ann", user_id=ann) == ["ann@users.example"]
    assert of(account="bob", user_id=bob) == []
    assert of(account="carl") == ["c@x.example"]
    assert of(class_id=class_id) == ["prof@users.example"]
    assert of(class_id="all") == ["all@school.example"]
    assert Addresses(None)(Run.of(Task("t", Step.REPORT).row("j", 0, 0, 0))) == []
