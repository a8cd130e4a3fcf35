"""A sandbox without a child: it plays what a test tells it to."""

import threading
from collections.abc import Callable, Generator, Sequence

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
        self.batches: list[list[ScreenRequest]] = []  #: what was asked at a time
        self.alone = 0  #: requests that were asked alone
        self.abandoned = False  #: whether several were not heard to their end

    @property
    def requests(self) -> list[ScreenRequest]:
        """All that were asked."""
        return [request for batch in self.batches for request in batch]

    def run(self, request: ScreenRequest, *, cancelled: threading.Event | None = None) -> Answer:
        self.batches.append([request])
        self.alone += 1
        return self._play(request, cancelled)

    def run_together(
        self, requests: Sequence[ScreenRequest], *, cancelled: Sequence[threading.Event]
    ) -> Generator[tuple[int, Answer | Exception], None, None]:
        self.batches.append(list(requests))
        for number, (request, event) in enumerate(zip(requests, cancelled, strict=True)):
            said: Answer | Exception
            try:
                said = self._play(request, event)
            except Exception as exc:  # noqa: BLE001 (whatever the test wants)
                said = exc
            try:
                yield number, said
            except GeneratorExit:
                self.abandoned = True
                raise

    def _play(self, request: ScreenRequest, cancelled: threading.Event | None) -> Answer:
        act = self._acts.pop(0) if len(self._acts) > 1 else self._acts[0]
        if isinstance(act, Exception):
            raise act
        return act(request, cancelled or threading.Event()) if callable(act) else act
