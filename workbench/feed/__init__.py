"""Market data of many formats as streams of commands."""
