"""The bench: what Sceau costs beside floors and peers, as ratios of one run. The product never imports it."""
