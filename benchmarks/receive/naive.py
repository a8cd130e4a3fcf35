"""The first example of pynetdicom's documentation: decode, encode again, write; no flush, no row.

`python -m benchmarks.receive.naive FOLDER` prints its port and listens until standard input ends.
"""

import sys
from pathlib import Path

from pynetdicom import AE, AllStoragePresentationContexts, evt
from pynetdicom.events import Event

from benchmarks.receive.sender import CALLED


def main() -> None:
    """Listen."""
    folder = Path(sys.argv[1])

    def store(event: Event) -> int:
        dataset = event.dataset
        dataset.file_meta = event.file_meta
        dataset.save_as(folder / f"{dataset.SOPInstanceUID}.dcm", enforce_file_format=True)
        return 0

    ae = AE(ae_title=CALLED)
    ae.supported_contexts = AllStoragePresentationContexts
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, store)])
    if server is None:
        raise RuntimeError("pynetdicom started no server")
    print(server.server_address[1], flush=True)
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main()
