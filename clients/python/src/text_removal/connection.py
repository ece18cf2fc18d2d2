"""Where the service is, and how to be let in."""

import os
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

URL_VARIABLE = "TEXT_REMOVAL_URL"
KEY_VARIABLE = "TEXT_REMOVAL_API_KEY"
DEFAULT_URL = "http://127.0.0.1:8081"
PREFIX = "/api/v1"


@dataclass(frozen=True)
class Address:
    """The URL of a service, without its prefix /api/v1, and an API key ("": none)."""

    url: str
    api_key: str

    @classmethod
    def find(cls, url: str | None, api_key: str | None) -> "Address":
        """What is given, else the environment, else this machine. Raises: ValueError for what is no http(s) URL."""
        found = (url or os.environ.get(URL_VARIABLE) or DEFAULT_URL).rstrip("/").removesuffix(PREFIX)
        if urlsplit(found).scheme not in ("http", "https") or not urlsplit(found).netloc:
            raise ValueError(f"{found!r} is not the http(s) URL of a service")
        return cls(found, os.environ.get(KEY_VARIABLE, "") if api_key is None else api_key)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}

    def socket(self, task_id: str, after_seq: int) -> str:
        """Of the task's news after one (-1: all)."""
        scheme, netloc, path, _, _ = urlsplit(self.url)
        query = f"after_seq={after_seq}" if after_seq >= 0 else ""
        return urlunsplit(("wss" if scheme == "https" else "ws", netloc, f"{path}/ws/progress/{task_id}", query, ""))
