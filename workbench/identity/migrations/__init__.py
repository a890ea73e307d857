"""How a database of users comes to the present layout; run by `workbench.identity.store` at every start."""
