"""Every tolerance that a test allows against an oracle: a name, the number, and the reason for it."""
