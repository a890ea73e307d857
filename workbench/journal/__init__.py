"""The journal and the store: commands on disk before they are acknowledged, and what is kept of a session.

The journal (`disk`, `frames`, `segments`, `writer`, `reader` and their sisters) is the truth; its format and
promises are in docs/journal.md.
"""
