"""The same decoders as `benchmarks.fuzz`, fed by libFuzzer, which looks at what each input reaches (atheris).

`python -m benchmarks.fuzz_guided --decodes 1000000`, after `pip install atheris`. An input that takes longer than a
second, more memory than the limit, or ends the interpreter is kept in the folder and named; the status is not 0 then.
"""

import argparse
import sys
from pathlib import Path

MOST_MEGABYTES = 512


def main() -> None:
    """Fuzz until so many inputs were read."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz_guided", description=__doc__)
    parser.add_argument("--decodes", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=Path("build/fuzz"), help="what was found; a later run goes on")
    options = parser.parse_args()
    try:
        import atheris  # noqa: PLC0415 (no part of what is installed: a tool)
    except ImportError:
        sys.exit("atheris is not installed: make fuzz-guided installs it")
    with atheris.instrument_imports(include=["pynetdicom", "pydicom", "dicom_node"]):
        from benchmarks.fuzz.decoders import LONGEST_SECONDS, Decoders  # noqa: PLC0415
        from benchmarks.fuzz.pdus import SEEDS  # noqa: PLC0415
    corpus = options.folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS):
        (corpus / f"seed-{number}").write_bytes(seed)
    decoders = Decoders()

    def read(data: bytes) -> None:
        decoders.read(data)

    limits = [f"-runs={options.decodes}", f"-timeout={LONGEST_SECONDS:.0f}", f"-rss_limit_mb={MOST_MEGABYTES}"]
    atheris.Setup([sys.argv[0], str(corpus), *limits, "-max_len=4096", f"-artifact_prefix={options.folder}/"], read)
    atheris.Fuzz()  # ends the process


if __name__ == "__main__":
    main()
