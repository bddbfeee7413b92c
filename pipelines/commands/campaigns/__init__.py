"""Commands about campaigns: orders, plans, sends, gateways, segments."""
