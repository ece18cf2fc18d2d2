"""Who starts the service for everybody is told so."""

import pytest

from deployments.config.settings import Environment, exposure


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("IOPAINT_HOST", "IOPAINT_API_KEYS", "RAY_AUTH_MODE"):
        monkeypatch.delenv(variable, raising=False)


def test_a_service_without_keys_that_everybody_can_reach_says_so() -> None:
    (line,) = exposure(Environment.read())

    assert "0.0.0.0:8081" in line
    assert "IOPAINT_API_KEYS" in line


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_a_service_of_this_machine_alone_says_nothing(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IOPAINT_HOST", host)
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")

    assert exposure(Environment.read()) == ()


def test_keys_do_not_close_ray_s_own_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IOPAINT_API_KEYS", "anna:secret")
    assert exposure(Environment.read()) == ()

    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")

    (line,) = exposure(Environment.read())
    assert "can run code" in line
    assert "secret" not in line
