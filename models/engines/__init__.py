"""What runs the networks: torch as they are (the reference), or OpenVINO on a CPU. Training and judging use torch."""
