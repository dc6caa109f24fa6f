"""The log: what happened, immutable, each thing once."""
