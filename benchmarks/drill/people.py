"""Who signs up during a fire drill: the product's backend, which repeats a call that got no answer under the same key.

One in ten is known to nobody, and so is asked to confirm by mail.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import requests

_CONFIRM_EVERY = 10
_ANSWER_WITHIN_S = 30.0
_AGAIN_AFTER_S = 0.3


@dataclass
class Answer:
    """What the backend was told of one signup, and how often it had to ask."""

    number: int
    email: str
    uid: str
    verdict: str
    calls: int
    ms: float


class Backend:
    """Signs `signups` people up over the API, `colleagues` of each company, at most `rate` a second (0: as fast as it
    goes)."""

    def __init__(
        self, url: str, key: str, signups: int, rate: float, clients: int, *, colleagues: int, give_up_s: float
    ) -> None:
        self.url = f"{url}/api/v1/signups"
        self.key = key
        self.signups = signups
        self.rate = rate
        self.clients = clients
        self.colleagues = colleagues
        self.give_up_s = give_up_s
        self.answers: list[Answer] = []
        self.unanswered: dict[int, str] = {}  # number → what was said last
        self.last_at = 0.0
        self._local = threading.local()

    def run(self) -> None:
        started = time.monotonic()
        with ThreadPoolExecutor(self.clients) as pool:
            for number in range(1, self.signups + 1):
                pool.submit(self._sign_up, number, started + number / self.rate if self.rate else started)
        self.last_at = time.monotonic()

    def _sign_up(self, number: int, not_before: float) -> None:
        time.sleep(max(0.0, not_before - time.monotonic()))
        name = "someone" if number % _CONFIRM_EVERY == 0 else "member"
        email = f"{name}-{number}@crowd-{number // self.colleagues + 1}.test"
        body = {"email": email, "name": f"Member {number}", "ga_client_id": client_id(number)}
        started, calls, last = time.monotonic(), 0, ""
        while time.monotonic() < started + self.give_up_s:
            calls += 1
            try:
                reply = self._post(body, f"drill-{number}")
            except requests.RequestException as error:
                last = str(error)[:200]
                time.sleep(_AGAIN_AFTER_S)
                continue
            if reply.status_code in (200, 201):
                said = reply.json()
                ms = (time.monotonic() - started) * 1000
                self.answers.append(Answer(number, email, said["id"], said["verdict"], calls, ms))
                return
            last = f"{reply.status_code} {reply.text[:200]}"
            time.sleep(_AGAIN_AFTER_S)
        self.unanswered[number] = last

    def _post(self, body: dict[str, str], key: str) -> requests.Response:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
            self._local.session.headers["Authorization"] = f"Bearer {self.key}"
        session: requests.Session = self._local.session
        return session.post(self.url, json=body, headers={"Idempotency-Key": key}, timeout=_ANSWER_WITHIN_S)


def client_id(number: int) -> str:
    """The Google Analytics client id of one person's browser."""
    return f"{1_000_000 + number}.{1_700_000_000 + number}"
