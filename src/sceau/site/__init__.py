"""The fittings: settings, listeners, wiring and processes that make an instance out of the rooms."""
