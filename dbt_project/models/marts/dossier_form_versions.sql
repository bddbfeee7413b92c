select * from {{ ref('stg_dossiers__form_versions') }}
