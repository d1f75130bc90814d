"""What a visitor may ask certificates for, in words."""
