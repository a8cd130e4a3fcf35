"""The same models without a node: `python -m benchmarks.plain_script TEMPLATES KIND KIND ...` prints its seconds.

What somebody writes who has the files and wants the numbers: read, predict, next. Models are loaded before the clock
starts.
"""

import sys
import time
from pathlib import Path

from dicom_node.header import read_instance
from dicom_node.pixels import read_radiograph, read_volume
from models import registry
from models.contract import ScreeningModel
from screening.findings import Findings
from screening.patient import patient_of
from screening.types import ClinicalContext


def screen(model: ScreeningModel, paths: list[Path]) -> bool:
    """Whether the model found something to say."""
    instances = [read_instance(path, location=path.name) for path in paths]
    first = instances[0]
    is_ct = first.header.text("Modality").upper() == "CT"
    image = (
        read_volume(list(zip(paths, instances, strict=True))) if is_ct else read_radiograph(paths[0], first)
    )  # fmt: skip
    return isinstance(model.predict(image, patient_of(first.header), ClinicalContext()), Findings)


def main() -> None:
    """Run every study, and fail where a model does not read one."""
    folder, kinds = Path(sys.argv[1]), sys.argv[2:]
    loaded = {kind: registry.load(kind, device="cpu", threads=1) for kind in set(kinds)}
    files = {kind: sorted((folder / kind).glob("*.dcm")) for kind in loaded}
    begin = time.monotonic()
    unread = [kind for kind in kinds if not screen(loaded[kind], files[kind])]
    seconds = time.monotonic() - begin
    if unread:
        sys.exit(f"not read: {', '.join(unread)}")
    print(f"{seconds:.3f}")


if __name__ == "__main__":
    main()
