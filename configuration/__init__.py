"""Floor 0: reading YAML files that people write as typed records; every fault names file, line and key.

    yaml_text     a text as plain data with the line of each value
    field_types   what a field of a record may hold
    documents     a file as its record
    dated_rules   the record of a rule of law or policy, and reading a folder of them

What the keys mean belongs to the room whose record it is.
"""
