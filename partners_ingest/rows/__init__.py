"""Records become typed rows: values, the phone rule, repairs, opt-ins, withdrawals, batches and their figures.

Finding records in bytes belongs to `readers`; whole files are judged in `intake`.
"""
