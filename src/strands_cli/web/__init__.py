"""The server: REST, events, sign-in and pages over an inbox. It needs the extra `server`."""
