"""One script per peer; each runs in the peers' environment and knows only the arrays it is given."""
