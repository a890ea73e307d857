"""Faults of the whole server: kill -9 under load, and peers and disks that behave badly."""
