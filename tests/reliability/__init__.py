"""Reliability: real instances that are killed, starved, paused and set back in time, and what must hold
after.
"""
