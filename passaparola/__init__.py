"""Passaparola: word of mouth, run well."""

__version__ = "0.1.0"
