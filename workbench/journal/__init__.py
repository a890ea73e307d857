"""What lasts: the journal of commands, and the Parquet of what came of them, to be asked in SQL.

The journal (`writer`, `reader` and what they use) is the truth; docs/journal.md has its format and promises.
"""
