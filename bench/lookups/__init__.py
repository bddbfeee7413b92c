"""Look-ups of numbers, timed on a published base that is grown to any size."""
