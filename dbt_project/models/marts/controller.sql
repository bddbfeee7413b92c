select legal_name
from {{ source('lake', 'controller') }}
