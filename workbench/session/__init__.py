"""A market from beginning to end: scenario files and their runs."""
