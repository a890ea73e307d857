"""The native face under `/api`: logins, sessions, orders, market data and the instructor's controls."""
