"""The server: routes, permissions, errors and operations around the live sessions of one process."""
