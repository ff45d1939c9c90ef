"""Bounded messages between processes of different Pythons; standard library only.

A request is two messages of `multiprocessing.connection`: facts as JSON, then bytes; so is an
answer. Nothing is pickled, so that neither side can make the other run code.
"""

import json
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

_MAX_ERROR_CHARACTERS = 300
_MAX_MESSAGE_BYTES = 1_000_000_000


class Answer(NamedTuple):
    """Result of a call.

    Attributes:
        facts: What is known of it, as JSON values; or the error.
        data: Further output as bytes, such as the file.
    """

    facts: dict[str, Any]
    data: bytes = b""


Handle = Callable[[dict[str, Any], bytes], Answer]


def send(connection: "Connection[Any, Any]", facts: dict[str, Any], data: bytes) -> None:
    """Sends a request or an answer."""
    connection.send_bytes(json.dumps(facts).encode())
    connection.send_bytes(data)


def receive(
    connection: "Connection[Any, Any]", max_bytes: int = _MAX_MESSAGE_BYTES
) -> Answer | None:
    """Receives a request or an answer; None when the other side has ended.

    Args:
        connection: Connection to the other side.
        max_bytes: Longest message that is read.

    Raises:
        OSError: The other side sends a longer message.
        ValueError: It sends facts that are no JSON.
    """
    try:
        facts = json.loads(connection.recv_bytes(max_bytes))
        return Answer(facts, connection.recv_bytes(max_bytes))
    except (EOFError, ConnectionError):
        return None


def serve(connection: "Connection[Any, Any]", handle: Handle) -> None:
    """Answers requests until there are no more; exceptions are returned as answers."""
    send(connection, {"ready": True}, b"")
    while request := receive(connection):
        try:
            answer = handle(*request)
        except Exception as error:  # a library may raise anything
            line = " ".join(f"{type(error).__name__}: {error}".split())
            answer = Answer({"error": line[:_MAX_ERROR_CHARACTERS]})
        send(connection, answer.facts, answer.data)
