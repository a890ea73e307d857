"""Faults: a simulated disk, killed processes and damaged files against the journal."""
