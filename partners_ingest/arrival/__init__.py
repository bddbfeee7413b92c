"""Files as they arrive: landing folder, completeness, SFTP, seals, unpacking.

Whether a file is accepted is decided in `intake`.
"""
