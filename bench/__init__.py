"""Measurements: every figure beside its yardstick from the same run. `./run bench [NAME] [--quick] [--json]`."""
