"""The pages of tokens for programs."""
