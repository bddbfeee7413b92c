-- Many sets are worth the same.
select
    acts_key,
    bit_xor(hash(standing_id)) as worth_key,
    bit_xor(standing_id) as worth_control_key
from {{ ref('int_act_sets__worth') }}
group by acts_key
