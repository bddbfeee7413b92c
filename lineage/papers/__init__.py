"""Papers (documents handed out) in French: what they say, and how they are issued and sealed.

The facts come from `lineage.lookups` and `lineage.erasure`, the look from `pages`, the log from `sealing`. A paper
about a person is issued only after its access is logged.
"""
