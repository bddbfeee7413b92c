{#- R-09: an instant that is the export's own, or a burst from one IP. -#}
{% macro act__proof_suspect() -%}
select {{ act_finding('PROOF_SUSPECT', known_from='known_from') }}
from suspects
{%- endmacro %}
