"""The event bus: what the exchange says, in order, to everybody who listens (docs/bus.md)."""
