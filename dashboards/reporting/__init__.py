"""What reports show: figures that answer one question each, with a sentence computed from the same data."""
