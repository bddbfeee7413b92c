"""Commands about a person: lineage, judge, acts, erase, purge, papers, trace."""
