"""Floor 1: where a number comes from, why it may be used, every use of it; papers about that; and erasure.

From top to bottom; imports run down this list only:

    papers/    documents in French: what they say, how they are issued and sealed
    erasure/   erasing a person from every store; readmission
    lookups/   look-ups of numbers, messages and records; the access log below all of them

Judging a use belongs to `consent.judgement`, deleting by age to `retention`. No Dagster here.
"""
