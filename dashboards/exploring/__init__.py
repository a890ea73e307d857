"""What exploration notebooks show: figures of one question each, with a sentence from the same data."""
