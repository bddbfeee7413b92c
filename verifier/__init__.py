"""The small program with which a stranger checks a paper or a passport; see README.md beside it."""
