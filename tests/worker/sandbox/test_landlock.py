"""Which kernels it is asked of; that files stay as they are is tried in test_confined."""

import ctypes

import pytest

from worker.sandbox import landlock


class _Kernel:
    """Answers every system call alike."""

    def __init__(self, answer: int) -> None:
        self.answer = answer

    def syscall(self, *_: object) -> int:
        return self.answer


@pytest.mark.parametrize("answer", [-1, 0])
def test_a_kernel_without_it_is_no_error(monkeypatch: pytest.MonkeyPatch, answer: int) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: _Kernel(answer))
    assert not landlock.confine_files(cuda=False)
