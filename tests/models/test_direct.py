"""Our own HTTP: replies in every lawful shape, and what is refused as no HTTP at all."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import shutil
import ssl
import subprocess
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from synthnb.errors import FatalModelError, ModelError, RetryableModelError, RowModelError
from synthnb.models.connect import Reach
from synthnb.models.direct import DirectTransport
from synthnb.models.faults import Where
from synthnb.models.reply import BrokenReply, Parser, Reply, TooLarge
from synthnb.settings.profiles import Profile

LIMIT = 10_000
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def head(*lines: bytes, status: bytes = b"200 OK") -> bytes:
    return b"\r\n".join([b"HTTP/1.1 " + status, *lines, b"", b""])


def sized(body: bytes, *lines: bytes) -> bytes:
    return head(*lines, b"Content-Length: %d" % len(body)) + body


def deflated(body: bytes) -> bytes:
    raw = zlib.compressobj(wbits=-15)
    return raw.compress(body) + raw.flush()


def read(data: bytes, step: int, *, ends: bool = False) -> Reply | None:
    """The reply in ``data`` when it comes in pieces of ``step`` bytes."""
    parser = Parser(LIMIT)
    for start in range(0, len(data), step):
        reply = parser.feed(data[start : start + step])
        if reply is not None:
            return reply
    return parser.eof() if ends else None


@pytest.mark.parametrize("step", [1, 7, 100_000])
@pytest.mark.parametrize(
    ("data", "body"),
    [
        (sized(b"hello"), b"hello"),
        (sized(b""), b""),
        (sized(b"hello", b"Content-Length: 5"), b"hello"),
        (head(b"X: 1", status=b"204 No Content"), b""),
        (CHUNKED + b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
        (CHUNKED + b"2;a=b\r\nhe\r\n3\r\nllo\r\n0\r\nTrailer: x\r\n\r\n", b"hello"),
        (head(status=b"100 Go") + head(b"Link: x", status=b"103 Hints") + sized(b"hi"), b"hi"),
        (sized(gzip.compress(b"packed"), b"Content-Encoding: gzip"), b"packed"),
        (sized(zlib.compress(b"packed"), b"content-encoding: deflate"), b"packed"),
        (sized(deflated(b"packed"), b"content-encoding: deflate"), b"packed"),
    ],
)  # fmt: skip
def test_a_whole_reply_however_it_arrives(data: bytes, body: bytes, step: int) -> None:
    reply = read(data, step)
    assert reply is not None
    assert (reply.body, reply.keep) == (body, True)


def test_a_reply_without_a_length_ends_with_its_connection() -> None:
    data = head(b"Content-Type: text/plain") + b"to the end"
    assert read(data, 3) is None
    reply = read(data, 3, ends=True)
    assert reply is not None
    assert (reply.body, reply.keep) == (b"to the end", False)
    assert read(sized(b"hello")[:-1], 3, ends=True) is None  # cut, not whole


@pytest.mark.parametrize(
    "data",
    [
        sized(b"hello", b"Connection: close"),
        b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        sized(b"hello") + b"HTTP/1.1 200 OK\r\n",
        CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Length: 5\r\n\r\n") + b"0\r\n\r\n",
        CHUNKED + b"0\r\n\r\nmore",
    ],
)
def test_a_connection_that_cannot_be_trusted_is_not_used_again(data: bytes) -> None:
    reply = read(data, 100_000)
    assert reply is not None
    assert not reply.keep


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n folded: x\r\n\r\n",
        head(b"Content-Length: -5"),
        head(b"Content-Length: 5", b"Content-Length: 6"),
        head(b"Content-Length: \xb2"),
        head(b"Transfer-Encoding: gzip, chunked"),
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000,
        CHUNKED + b"zz\r\n",
        CHUNKED + b"-5\r\nhello\r\n",
        CHUNKED + b"5\r\nhelloworld",
        CHUNKED + b"5" * 5000,
        sized(b"not packed", b"Content-Encoding: gzip"),
        sized(b"x", b"Content-Encoding: br"),
    ],
)
@pytest.mark.parametrize("step", [5, 100_000])
def test_what_is_no_http_is_refused(data: bytes, step: int) -> None:
    with pytest.raises(BrokenReply):
        read(data, step)


@pytest.mark.parametrize(
    "data",
    [
        sized(b"x" * (LIMIT + 1)),
        head() + b"x" * (LIMIT + 1),
        CHUNKED + b"%x\r\n" % (LIMIT + 1) + b"x" * LIMIT,
        sized(gzip.compress(b"0" * 1_000_000), b"Content-Encoding: gzip"),
    ],
)
def test_no_more_than_the_limit_is_kept(data: bytes) -> None:
    with pytest.raises(TooLarge):
        read(data, 4096)


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def talk(
    serve: Serve,
    use: Callable[[DirectTransport], Awaitable[None]],
    *,
    tls: ssl.SSLContext | None = None,
    host: str = "127.0.0.1",
    factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop,
    **values: Any,
) -> None:
    """``use`` a transport to a server of which each connection is ``serve``."""

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await serve(reader, writer)
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(served, "127.0.0.1", 0, ssl=tls)
        port = server.sockets[0].getsockname()[1]
        url = f"{'https' if tls else 'http'}://{host}:{port}/v1"
        profile = Profile("lab", base_url=url, **values)
        where = Where(profile.host, "tiny", "lab", None, None)
        transport = DirectTransport(profile, None, Reach(profile, where))
        try:
            await asyncio.wait_for(use(transport), 60)
        finally:
            await transport.aclose()
            server.close()
            await asyncio.sleep(0.05)  # its side of each connection hears of the end

    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(run())


async def good(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that answers each request with its number on this connection."""
    number = 0
    while await reader.readuntil(b"\r\n\r\n"):
        await reader.readexactly(2)
        number += 1
        writer.write(sized(b"%d" % number))


async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that closes each connection after an answer, without a word about it."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(sized(b"1"))


async def quiet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that listens and says nothing."""
    await reader.read()


def test_connections_are_used_again_and_cancelled_ones_are_not() -> None:
    async def use(transport: DirectTransport) -> None:
        assert (await transport.post("/x", b"{}"))[2] == b"1"
        assert (await transport.post("/x", b"{}"))[2] == b"2"
        waiting = asyncio.ensure_future(transport.post("/x", b"{}"))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert (await transport.post("/x", b"{}"))[2] == b"1"

    talk(good, use)


def test_a_connection_that_the_server_closed_while_idle_is_replaced() -> None:
    async def use(transport: DirectTransport) -> None:
        for _ in range(3):
            assert (await transport.post("/x", b"{}"))[2] == b"1"
            await asyncio.sleep(0.02)

    talk(one, use)


@pytest.mark.parametrize(
    ("values", "kind"), [({"silence": 0.1}, "silence"), ({"timeout": 2.0}, "timeout")]
)
def test_silence_and_the_deadline_end_a_call(values: dict[str, Any], kind: str) -> None:
    async def use(transport: DirectTransport) -> None:
        with pytest.raises(RetryableModelError) as caught:
            await transport.post("/x", b"{}")
        assert caught.value.kind == kind

    talk(quiet, use, **values)


@pytest.mark.parametrize(
    ("said", "error", "kind"),
    [
        (b"220 mail.example ESMTP\r\n", RetryableModelError, "malformed"),
        (sized(b"hello")[:-2], RetryableModelError, "cut"),
        (b"", RetryableModelError, "reset"),
        (sized(b"x" * 5000), RowModelError, "too_large"),
    ],
)
def test_what_went_wrong_has_its_kind(said: bytes, error: type[ModelError], kind: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)

    async def use(transport: DirectTransport) -> None:
        with pytest.raises(error) as caught:
            await transport.post("/x", b"{}")
        assert caught.value.kind == kind

    talk(serve, use, max_response=4000)


def test_a_header_cannot_begin_another() -> None:
    async def use(transport: DirectTransport) -> None:
        with pytest.raises(ValueError, match="line break"):
            await transport.post("/x", b"{}")

    talk(good, use, headers={"X-A": "1\r\nX-B: 2"})


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost, signed by itself, and its key in one file."""
    command = shutil.which("openssl")
    if command is None:
        pytest.skip("needs openssl to make a certificate")
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    subprocess.run(
        [command, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-out", file,
         "-keyout", f"{file}.key", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    file.write_text(file.read_text() + Path(f"{file}.key").read_text())
    return file


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_secure_endpoint_must_be_the_one_it_says(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, loop: str
) -> None:
    factory = pytest.importorskip(loop).new_event_loop
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    def ask(host: str) -> bytes:
        async def use(transport: DirectTransport) -> None:
            for _ in range(2):
                said.append((await transport.post("/x", b"{}"))[2])

        said: list[bytes] = []
        talk(good, use, tls=context, host=host, factory=factory)
        return b" ".join(said)

    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert ask("localhost") == b"1 2"
    with pytest.raises(FatalModelError, match="No secure connection"):
        ask("127.0.0.1")
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(FatalModelError, match="No secure connection"):
        ask("localhost")
