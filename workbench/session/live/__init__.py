"""Live sessions: markets whose time passes, in which people, bots and agents trade together.

`workbench.session.live.sessions.Sessions` are those of one server, and
`workbench.session.live.session.LiveSession` is one.
"""
