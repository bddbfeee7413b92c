-- Without the file's name: it is the partner's text, may hold a number, and is read from the ledger at look-up.
select * exclude (file_name) from {{ ref('stg_partners__deliveries') }}
