"""Pipelines: what is due by the exchange's calendar, done once each, by as many workers as there are."""
