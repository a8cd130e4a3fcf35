"""`python -m worker` is `opportune`."""

from worker.cli import main

main()
