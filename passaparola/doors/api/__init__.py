"""The HTTP API: the same nouns as the console, for programs. Routes in routes/, permission beside each.

Reads use the ORM in a fixed number of queries; every write is an act walked down the corridor (acting.py).
"""
