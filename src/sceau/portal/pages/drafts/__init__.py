"""An order written in steps, kept as it is written, that mirror form 413."""
