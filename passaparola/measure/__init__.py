"""What it earned: each number defined once."""
