"""Run every measurement side by side with others' software: `make bench`."""

from benchmarks.receive.__main__ import main

if __name__ == "__main__":
    main()
