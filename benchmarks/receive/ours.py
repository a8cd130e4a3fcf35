"""Our listener in a process of its own: `python -m benchmarks.receive.ours FOLDER [DATABASE_URL]`.

It prints its port and listens until standard input ends.
"""

import gc
import sys
from pathlib import Path

from benchmarks.receive.sender import CALLED, CALLING
from db.engine import make_engine, make_sessions, migrate
from dicom_node.ledger import DatabaseLedger
from dicom_node.listener import Listener
from dicom_node.spool import Spool
from screening.settings import Node, Peer


def main() -> None:
    """Listen."""
    folder = Path(sys.argv[1])
    engine = make_engine(sys.argv[2] if len(sys.argv) > 2 else f"sqlite:///{folder / 'node.sqlite'}")
    migrate(engine)
    listener = Listener(
        node=Node(ae_title=CALLED, bind="127.0.0.1", port=0),
        peers=[Peer(ae_title=CALLING, address="127.0.0.1"), Peer(ae_title="STORESCU", address="127.0.0.1")],
        destinations=[],
        spool=Spool(folder / "spool", minimum_free=0),
        ledger=DatabaseLedger(make_sessions(engine)),
        on_stored=lambda: None,
    )
    port = listener.start()
    gc.freeze()  # as `opportune listener` does
    print(port, flush=True)
    sys.stdin.read()
    listener.stop()
    engine.dispose()


if __name__ == "__main__":
    main()
