"""A listener over SQLite in a process of its own, for a trace of its system calls: python -m ... FOLDER."""

import sys
from pathlib import Path

from db.engine import make_engine, make_sessions, migrate
from dicom_node.ledger import DatabaseLedger
from dicom_node.listener import Listener
from dicom_node.spool import Spool
from screening.settings import Node, Peer


def main() -> None:
    """Listen until standard input ends; the port is the first line printed."""
    folder = Path(sys.argv[1])
    engine = make_engine(f"sqlite:///{folder / 'node.sqlite'}")
    migrate(engine)
    listener = Listener(
        node=Node(bind="127.0.0.1", port=0),
        peers=[Peer(ae_title="MODALITY", address="127.0.0.1")],
        destinations=[],
        spool=Spool(folder / "spool", minimum_free=0, flush_names=True),
        ledger=DatabaseLedger(make_sessions(engine)),
        on_stored=lambda: None,
    )
    sys.stdout.write(f"{listener.start()}\n")
    sys.stdout.flush()
    sys.stdin.read()
    listener.stop()
    engine.dispose()


if __name__ == "__main__":
    main()
