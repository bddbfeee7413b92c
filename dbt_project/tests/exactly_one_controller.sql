-- Without a controller nobody is named, with two somebody else may be.
select count(*) as controllers
from {{ ref('controller') }}
having count(*) <> 1
