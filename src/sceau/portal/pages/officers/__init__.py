"""Officers: their roles, given and taken by two; their passkeys, that two vouch for."""
