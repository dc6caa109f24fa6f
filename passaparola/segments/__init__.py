"""Whom: what is known about each person, and the loyalty stage that follows."""
