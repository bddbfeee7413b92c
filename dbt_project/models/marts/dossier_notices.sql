select * from {{ ref('stg_dossiers__notices') }}
