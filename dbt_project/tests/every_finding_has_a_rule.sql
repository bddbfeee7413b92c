-- A code that the registry does not know has no effect and would pass for allowed: such a base is not published.
select distinct findings.code
from {{ ref('findings') }} as findings
left join {{ ref('rules') }} as rules
    on findings.code = rules.code and rules.known_until = {{ for_ever() }}
where rules.code is null
