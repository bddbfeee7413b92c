select finding_id
from {{ ref('findings') }}
where applies_from >= applies_until or known_from >= known_until
