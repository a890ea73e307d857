"""What the events say, folded: orders, trades, positions, equity and standings, each as of one sequence."""
