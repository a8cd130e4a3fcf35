"""A sandbox without a child: it plays what a test tells it to."""

import threading
from collections.abc import Callable

from screening.settings import WorkerSettings
from worker.request import ScreenRequest
from worker.sandbox.parent import Sandbox
from worker.sandbox.protocol import Answer

Act = Callable[[ScreenRequest, threading.Event], Answer]


class ScriptedSandbox(Sandbox):
    """Each run answers with, raises or calls the next of its acts; the last one again and again."""

    def __init__(self, *acts: Answer | Exception | Act) -> None:
        super().__init__(WorkerSettings())
        self._acts = list(acts)
        self.requests: list[ScreenRequest] = []

    def run(self, request: ScreenRequest, *, cancelled: threading.Event | None = None) -> Answer:
        self.requests.append(request)
        act = self._acts.pop(0) if len(self._acts) > 1 else self._acts[0]
        if isinstance(act, Exception):
            raise act
        return act(request, cancelled or threading.Event()) if callable(act) else act
