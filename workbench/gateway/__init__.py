"""Gateways: processes between an exchange and many desks that fan out its streams (docs/gateway.md)."""
