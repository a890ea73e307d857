"""What lasts: the journal of commands, and the Parquet of what came of them, to be asked in SQL."""
