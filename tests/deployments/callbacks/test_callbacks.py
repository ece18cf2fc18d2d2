import asyncio
import base64
import dataclasses
import hashlib
import hmac
import json
import socket
import ssl
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deployments.callbacks.policy import CallbackPolicy, CallbackRefused, resolve
from deployments.callbacks.sender import CallbackSender, Patience
from deployments.messages.task import Callback, CallbackState, TaskRecord, TaskStatus
from deployments.storage.blobs import BlobStore, open_blobs, result_key
from models.errors import InvalidRequest
from tests.deployments.callbacks.receiver import receiving

LOOPBACK = ("127.0.0.1", "localhost")
QUICK = Patience(attempts=3, first_pause_s=0.001, longest_pause_s=0.002, total_s=20.0, attempt_s=10.0)


def ended(url: str, status: TaskStatus = TaskStatus.COMPLETED, **changes: object) -> TaskRecord:
    record = TaskRecord(
        task_id="task-1",
        digest="d" * 64,
        created_at=1.0,
        status=status,
        attempt=1,
        completed_at=1767225600.0,
        callback=Callback(url, CallbackState.PENDING),
    )
    return dataclasses.replace(record, **changes)  # type: ignore[arg-type]


@asynccontextmanager
async def sending(
    *allowed: str,
    secret: str = "",
    patience: Patience = QUICK,
    blobs: BlobStore | None = None,
    resolver: Callable[[str, int], list[str]] = resolve,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[CallbackSender]:
    if blobs is None:
        blobs = open_blobs(f"memory://{uuid.uuid4().hex}")
        await blobs.put(result_key("task-1", "d" * 64, 1), b"\x89PNG image")
    policy = CallbackPolicy(allowed or LOOPBACK)
    sender = CallbackSender(policy, blobs, secret, patience=patience, resolver=resolver, tls=tls)
    try:
        yield sender
    finally:
        await sender.close()


@pytest.mark.parametrize(
    "url",
    ["", "hooks", "/path", "ftp://a.example.org/", "http://", "http:///x", "http://a b/", "http://a:port/", "file:///x",
     "http://[::1/", "https://a.example.org/" + "x" * 2048, "http://a.example.org/\n", "javascript:alert(1)",
     "http://" + "a" * 64 + ".example.org/", "http://a..example.org/",
     "http://" + "a." * 130 + "org/"],
)  # fmt: skip
def test_a_malformed_url_is_an_invalid_request_that_names_the_field(url: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        CallbackPolicy(["a.example.org"]).judge(url)

    assert raised.value.details == {"field": "callback_url"}


@pytest.mark.parametrize(
    "url",
    ["http://hooks.example.org/x", "https://HOOKS.example.org:8443/x?y=1", "http://hooks.example.org./",
     "http://a.b.wild.example.org/", "http://b.wild.example.org/", "http://10.1.2.3:9000/", "http://[fd00::1]/",
     "http://bücher.example/", "http://xn--bcher-kva.example/"],
)  # fmt: skip
def test_a_listed_host_is_pending(url: str) -> None:
    policy = CallbackPolicy(
        ["Hooks.Example.org", " *.wild.example.org ", "10.1.2.3", "[FD00:0::1]", "bücher.example", ""]
    )

    assert policy.judge(url) == Callback(url, CallbackState.PENDING)


@pytest.mark.parametrize(
    "host", ["example.org", "wild.example.org", "evilwild.example.org", "hooks.example.org.evil.net", "10.1.2.4", "*"]
)
def test_another_host_is_refused_with_the_variable_to_set(host: str) -> None:
    callback = CallbackPolicy(["hooks.example.org", "*.wild.example.org", "10.1.2.3"]).judge(f"http://{host}/x")

    assert callback.state is CallbackState.REFUSED
    assert callback.reason is not None
    assert callback.reason.startswith(f"the host {host} is not in CALLBACK_ALLOWED_HOSTS; add it there")
    assert callback.reason.endswith(f"CALLBACK_ALLOWED_HOSTS={host}")


def test_by_default_nobody_is_called() -> None:
    assert CallbackPolicy([]).judge("http://hooks.example.org/").state is CallbackState.REFUSED


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "169.254.1.1", "169.254.169.254", "fe80::1", "fe80::1%eth0",
     "0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255", "fd00:ec2::254", "100.100.100.200", "168.63.129.16",
     "2002:7f00:1::", "64:ff9b::7f00:1", "::ffff:169.254.169.254"],
)  # fmt: skip
def test_an_internal_address_behind_an_allowed_name_is_refused(address: str) -> None:
    with pytest.raises(CallbackRefused):
        CallbackPolicy(["hooks.example.org"]).permitted("hooks.example.org", [address])


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "10.0.0.7", "192.168.1.5", "172.17.0.2", "2606:2800::1", "fd12::1"]
)
def test_a_public_or_private_address_is_permitted(address: str) -> None:
    assert CallbackPolicy(["hooks.example.org"]).permitted("hooks.example.org", [address]) == [address]


def test_an_internal_address_is_permitted_if_it_is_listed_literally() -> None:
    policy = CallbackPolicy(["hooks.example.org", "127.0.0.1", "169.254.1.1"])

    assert policy.permitted("hooks.example.org", ["::1", "127.0.0.1"]) == ["127.0.0.1"]
    assert policy.permitted("169.254.1.1", ["169.254.1.1"]) == ["169.254.1.1"]
    with pytest.raises(CallbackRefused):
        policy.permitted("hooks.example.org", ["127.0.0.2"])


def test_a_listed_localhost_stands_for_loopback_only() -> None:
    policy = CallbackPolicy(["localhost"])

    assert policy.permitted("localhost", ["::1", "127.0.0.1"]) == ["::1", "127.0.0.1"]
    with pytest.raises(CallbackRefused):
        policy.permitted("localhost", ["169.254.169.254"])


async def test_a_completed_task_is_delivered_with_its_image() -> None:
    async with receiving(204) as receiver, sending() as sender:
        outcome = await sender(ended(f"http://127.0.0.1:{receiver.port}/hook?x=1"))

    assert outcome == Callback(f"http://127.0.0.1:{receiver.port}/hook?x=1", CallbackState.DELIVERED, attempts=1)
    assert json.loads(receiver.calls[0].body) == {
        "task_id": "task-1",
        "status": "completed",
        "image_data": base64.b64encode(b"\x89PNG image").decode(),
        "timestamp": "2026-01-01T00:00:00+00:00",
    }
    assert receiver.calls[0].headers["content-type"] == "application/json"
    assert "x-signature" not in receiver.calls[0].headers


async def test_a_failed_task_is_delivered_with_its_reason() -> None:
    async with receiving() as receiver, sending() as sender:
        await sender(ended(f"http://127.0.0.1:{receiver.port}/", TaskStatus.ERROR, error_message="region 3 is outside"))

    assert json.loads(receiver.calls[0].body) == {
        "task_id": "task-1",
        "status": "error",
        "error_message": "region 3 is outside",
        "timestamp": "2026-01-01T00:00:00+00:00",
    }


async def test_a_cancelled_task_is_told_too() -> None:
    async with receiving() as receiver, sending() as sender:
        await sender(ended(f"http://127.0.0.1:{receiver.port}/", TaskStatus.CANCELLED))

    assert json.loads(receiver.calls[0].body)["status"] == "cancelled"


async def test_a_secret_signs_the_very_bytes_of_the_body_and_the_time() -> None:
    before = int(time.time())
    async with receiving() as receiver, sending(secret="hush") as sender:
        await sender(ended(f"http://127.0.0.1:{receiver.port}/"))

    (call,) = receiver.calls
    made_at = call.headers["x-signature-timestamp"]
    signed = hmac.new(b"hush", made_at.encode() + b"." + call.body, hashlib.sha256).hexdigest()
    assert call.headers["x-signature"] == f"sha256={signed}"
    assert before <= int(made_at) <= time.time()


@pytest.mark.parametrize("first", [500, 503, 429, 408, 0])
async def test_a_passing_failure_is_tried_again_with_the_same_bytes(first: int) -> None:
    async with receiving(first, 200) as receiver, sending() as sender:
        outcome = await sender(ended(f"http://127.0.0.1:{receiver.port}/"))

    assert (outcome.state, outcome.attempts) == (CallbackState.DELIVERED, 2)
    assert receiver.calls[0].body == receiver.calls[1].body


async def test_the_attempts_are_bounded_and_the_last_reason_is_kept() -> None:
    async with receiving(500, 500, 502) as receiver, sending() as sender:
        outcome = await sender(ended(f"http://127.0.0.1:{receiver.port}/"))

    assert (outcome.state, outcome.attempts, outcome.reason) == (CallbackState.FAILED, 3, "HTTP 502")
    assert len(receiver.calls) == 3


async def test_the_time_is_bounded_too() -> None:
    impatient = dataclasses.replace(QUICK, attempts=1_000_000, total_s=0.2)

    async with receiving(500) as receiver, sending(patience=impatient) as sender:
        outcome = await sender(ended(f"http://127.0.0.1:{receiver.port}/"))

    assert outcome.state is CallbackState.FAILED


@pytest.mark.parametrize("status", [400, 401, 404, 410])
async def test_an_answer_that_will_not_change_is_not_asked_again(status: int) -> None:
    async with receiving(status) as receiver, sending() as sender:
        outcome = await sender(ended(f"http://127.0.0.1:{receiver.port}/"))

    assert (outcome.state, outcome.attempts, outcome.reason) == (CallbackState.FAILED, 1, f"HTTP {status}")
    assert len(receiver.calls) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    async with (
        receiving() as target,
        receiving(status, location=f"http://127.0.0.1:{target.port}/") as receiver,
        sending() as sender,
    ):
        outcome = await sender(ended(f"http://127.0.0.1:{receiver.port}/"))

    assert outcome.state is CallbackState.FAILED
    assert outcome.reason == f"HTTP {status}; redirects are not followed"
    assert target.calls == []


async def test_a_receiver_that_never_answers_costs_an_attempt() -> None:
    impatient = Patience(attempts=1, attempt_s=0.2)

    async with receiving(-1) as receiver, sending(patience=impatient) as sender:
        outcome = await sender(ended(f"http://127.0.0.1:{receiver.port}/"))

    assert (outcome.state, outcome.reason) == (CallbackState.FAILED, "no answer within 0.2 s")


async def test_nobody_listening_is_a_failure_with_a_reason() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        async with sending() as sender:
            outcome = await sender(ended(f"http://127.0.0.1:{silent.getsockname()[1]}/"))

    assert (outcome.state, outcome.reason) == (CallbackState.FAILED, "the receiver accepts no connection")


async def test_an_expired_result_is_a_failure_with_a_reason() -> None:
    empty = open_blobs(f"memory://{uuid.uuid4().hex}")

    async with receiving() as receiver, sending(blobs=empty) as sender:
        outcome = await sender(ended(f"http://127.0.0.1:{receiver.port}/"))

    assert (outcome.state, outcome.attempts, outcome.reason) == (CallbackState.FAILED, 1, "the result has expired")
    assert receiver.calls == []


async def test_a_name_that_leads_inside_is_refused_without_a_connection() -> None:
    async with (
        receiving() as receiver,
        sending("hooks.example.org", resolver=lambda host, port: ["127.0.0.1"]) as sender,
    ):
        outcome = await sender(ended(f"http://hooks.example.org:{receiver.port}/"))

    assert outcome.state is CallbackState.REFUSED
    assert "internal address" in (outcome.reason or "")
    assert receiver.calls == []


async def test_the_connection_goes_to_the_checked_address_and_nowhere_else() -> None:
    """A name that changes its address between check and connection gains nothing: it is resolved once an attempt."""
    asked: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    async with receiving() as receiver, sending("hooks.invalid", "127.0.0.1", resolver=resolver) as sender:
        outcome = await sender(ended(f"http://hooks.invalid:{receiver.port}/"))

    assert outcome.state is CallbackState.DELIVERED
    assert asked == ["hooks.invalid"]
    assert receiver.calls[0].headers["host"] == f"hooks.invalid:{receiver.port}"


async def test_the_next_address_is_tried_if_one_accepts_no_connection() -> None:
    async with (
        receiving() as receiver,
        sending("hooks.invalid", "127.0.0.1", "127.0.0.9", resolver=lambda *_: ["127.0.0.9", "127.0.0.1"]) as sender,
    ):
        outcome = await sender(ended(f"http://hooks.invalid:{receiver.port}/"))

    assert (outcome.state, outcome.attempts) == (CallbackState.DELIVERED, 1)


@pytest.mark.parametrize("error", [socket.gaierror(-2, "Name or service not known"), UnicodeError("label too long")])
async def test_a_name_that_does_not_resolve_is_a_failure_with_a_reason(error: Exception) -> None:
    def resolver(host: str, port: int) -> list[str]:
        raise error

    async with sending("hooks.invalid", resolver=resolver) as sender:
        outcome = await sender(ended("http://hooks.invalid/"))

    assert (outcome.state, outcome.attempts) == (CallbackState.FAILED, 3)
    assert outcome.reason == "the host hooks.invalid does not resolve"


async def test_a_host_taken_off_the_list_since_is_refused() -> None:
    async with sending("other.example.org") as sender:
        outcome = await sender(ended("http://127.0.0.1:9/"))

    assert outcome.state is CallbackState.REFUSED


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiving() as proxy, receiving() as receiver:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{proxy.port}")
        async with sending() as sender:
            await sender(ended(f"http://127.0.0.1:{receiver.port}/"))

    assert (len(proxy.calls), len(receiver.calls)) == (0, 1)


async def test_a_dead_receiver_delays_no_other() -> None:
    patient = Patience(attempts=1, attempt_s=60.0)

    async with receiving(-1) as dead, receiving() as alive, sending(patience=patient) as sender:
        stuck = [asyncio.create_task(sender(ended(f"http://127.0.0.1:{dead.port}/"))) for _ in range(20)]
        await dead.arrived.wait()

        outcome = await sender(ended(f"http://localhost:{alive.port}/"))

        assert not any(task.done() for task in stuck)
        for task in stuck:
            task.cancel()
        await asyncio.gather(*stuck, return_exceptions=True)
    assert outcome.state is CallbackState.DELIVERED
    assert len(dead.calls) == 4


@pytest.mark.parametrize(("named", "state"), [("hooks.invalid", "delivered"), ("other.invalid", "failed")])
async def test_tls_is_verified_against_the_name_and_not_the_address(tmp_path: Path, named: str, state: str) -> None:
    server, client = tls_contexts(tmp_path, named)

    async with (
        receiving(tls=server) as receiver,
        sending("hooks.invalid", "127.0.0.1", resolver=lambda *_: ["127.0.0.1"], tls=client) as sender,
    ):
        outcome = await sender(ended(f"https://hooks.invalid:{receiver.port}/"))

    assert outcome.state == state
    assert len(receiver.calls) == (state == "delivered")


def tls_contexts(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server that shows a fresh certificate for `name`, and a client that trusts exactly this one."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cafile=str(file))
