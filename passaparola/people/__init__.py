"""The memory: who somebody is, by which names, and what they agreed to."""
