"""Machine doors: REST, ACME, EST. Same verbs, same warrants as the pages. Nothing is open yet."""
