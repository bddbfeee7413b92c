"""Proofs that no two sponsors ever hold the same elector; they run over the real reservations of `sends`."""
