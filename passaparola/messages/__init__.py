"""What is said to people, on which basis, and what became of it."""
