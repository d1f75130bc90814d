"""Coming in and going out: the home page, the card door, the drawer of test cards."""
