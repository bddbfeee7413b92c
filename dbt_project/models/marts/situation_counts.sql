-- A count of all contacts reads a few of these rows instead of one per contact.
{{ situation_changes(ref('verdict_spans'), ref('deliveries')) }}
