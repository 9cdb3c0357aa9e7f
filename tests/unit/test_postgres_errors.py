"""What is said when a database cannot be opened or asked: one line, and nothing secret in it."""

import socket
import threading
from datetime import UTC, datetime

import pytest

from pipelines.errors import BadInput
from pipelines.sources.hydra import database, postgres
from pipelines.sources.hydra.postgres import reason


@pytest.mark.parametrize(
    "dsn",
    [
        "host=/nowhere user=x password=s3cret-word",
        "postgresql://u:s3cret-word@127.0.0.1:1/x",
        "postgresql://u:s3cret-word@127.0.0.1:port/x",
        "mysql://u:s3cret-word@localhost/x",
        "s3cret-word",
        "password='s3cret-word' host=/s3cret-word",
        "postgresql:///x?host=/s3cret-word&password=s3cret-word",
    ],
)
def test_no_error_shows_a_password(dsn: str) -> None:
    with pytest.raises(BadInput) as raised:
        database.read(dsn, [], {}, datetime(2026, 1, 1, tzinfo=UTC))
    assert "s3cret" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            'IO: [libpq] Failed to connect: connection to server at "h", port 1 failed: Connection refused\n\tIs it?\n',
            'connection to server at "h", port 1 failed: Connection refused',
        ),
        (
            "INVALID_STATE: [libpq] Failed to execute query 'delete\nfrom b': ERROR:  cannot execute DELETE\n. X",
            "cannot execute DELETE",
        ),
        ("", "the driver does not say why"),
        ('missing "=" after "hidden" in connection info string', "the connection string is not one"),
        ("IO: no host %41%42 or AB", "no host (left out) or (left out)"),
    ],
)
def test_the_line_says_what_the_server_said(message: str, said: str) -> None:
    assert reason(message, "postgresql://u:%41%42@h/x").startswith(said)


def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the connection and says nothing; whoever comes after it is not held up for long."""
    assert postgres.CONNECT_SECONDS == 10
    monkeypatch.delenv("PGCONNECT_TIMEOUT", raising=False)
    monkeypatch.setattr(postgres, "CONNECT_SECONDS", 2)
    said: list[str] = []

    def ask(dsn: str) -> None:
        with pytest.raises(BadInput) as raised, postgres.snapshot(dsn):
            pass
        said.append(str(raised.value))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        dsn = f"postgresql://u:s3cret-word@127.0.0.1:{listening.getsockname()[1]}/x"
        asking = threading.Thread(target=ask, args=(dsn,), daemon=True)
        asking.start()
        asking.join(60)
    assert len(said) == 1
    assert "timeout expired" in said[0]
    assert "s3cret" not in said[0]
    monkeypatch.delenv("PGCONNECT_TIMEOUT")
