"""Speed, measured: every number is a ratio against a named peer in the same run. `make bench` runs it."""
