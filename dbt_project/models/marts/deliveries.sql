select * from {{ ref('stg_partners__deliveries') }}
