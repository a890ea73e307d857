"""The exchange: one loop over commands that asks risk, drives the books and books the fills."""
