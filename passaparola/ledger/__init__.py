"""The books: every reward a transfer between two accounts, granted once."""
