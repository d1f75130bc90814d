"""How the authority stands: its alarms, lists, signer, journal and last re-reading."""
