-- A situation is known by a sum of hashes: two situations of one sum would be judged as one.
select situation_key
from {{ ref('situation_keys') }}
group by situation_key
having count(*) > 1
