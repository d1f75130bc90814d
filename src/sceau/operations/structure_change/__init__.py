"""A structure that closes, is absorbed or changes identity: opened, planned thing by thing, confirmed by two
officers, and carried out, each thing on its day.
"""
