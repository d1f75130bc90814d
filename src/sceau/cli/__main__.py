"""`python -m sceau.cli`: the same as `sceau`."""

from sceau.cli import main

main()
