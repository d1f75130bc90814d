"""The journeys, one folder each."""
