"""The small program with which a stranger checks a paper or a passport; README.md beside it describes the files."""
