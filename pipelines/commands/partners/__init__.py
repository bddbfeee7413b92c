"""Commands about partners: check, fetch, report, forms, suppliers."""
