"""The addresses of the Alpaca-compatible face, a file for each group of calls."""
