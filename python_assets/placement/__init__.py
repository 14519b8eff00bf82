"""Personas in the users' space: Eq. 5 and Algorithm 1."""
