select * from {{ ref('stg_dossiers__notice_contradictions') }}
