"""The users' preference space: Eq. 1 to 4."""
