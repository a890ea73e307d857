"""One script per peer; each runs in the peers' environment and knows workbench only by the arrays it is given."""
