"""The judgement on invented consents of any size: findings, uses and the answers to one question."""
