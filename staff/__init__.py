"""Who acts: persons, their roles and keys, and what they signed."""
