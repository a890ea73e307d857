"""Seeded agents: sources of commands that make a market, driven by exchange time alone (docs/agents.md)."""
