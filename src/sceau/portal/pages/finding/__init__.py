"""Finding the certificate of a correspondent, and checking one that was given: open to anybody."""
