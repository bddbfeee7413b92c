"""Floor 0: reading YAML files that an operator edits, as typed values; every error names the file and the key.

    fields         orders and the files of `config/` that `sends` reads: sections whose unread keys are refused
    marked_yaml    dossiers, rules, periods: single values that know their line
    record_fields  open-data sources: keys of a record that is parsed already

What the keys mean belongs to the room that reads them.
"""
