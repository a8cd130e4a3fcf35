"""The metrics server of a node."""

import socket
from dataclasses import replace

import pytest

from screening.errors import ScreeningError
from screening.monitoring_settings import Metrics
from tests.worker.monitoring.test_server import ask
from worker.monitoring.wiring import telling
from worker.ports import Ports


def test_a_node_answers(ports: Ports) -> None:
    settings = ports.settings.model_copy(update={"metrics": Metrics(port=0)})
    with telling(settings, ports.sessions) as port:
        assert "opportune_database_up 1" in ask(port, "/metrics")[1]
        assert ask(port, "/readyz")[0] == 200


def test_a_port_that_is_taken_is_named(ports: Ports) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        node = replace(ports, settings=ports.settings.model_copy(update={"metrics": Metrics(port=number)}))
        with (
            pytest.raises(ScreeningError, match=rf"127\.0\.0\.1:{number}.*see metrics\.bind and metrics\.port"),
            telling(node.settings, node.sessions),
        ):
            pass
