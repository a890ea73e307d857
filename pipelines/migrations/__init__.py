"""How the ledger's database came to its layout."""
