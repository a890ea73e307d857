"""Books: price levels, queues and what reaches what."""
