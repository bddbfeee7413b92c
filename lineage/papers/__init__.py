"""Papers in French: what they say, put together from look-ups and traces, and how they are issued and sealed.

How a paper looks belongs to `pages`, the log to `sealing`; a paper on a person is issued only after its access is logged.
"""
