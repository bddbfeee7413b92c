-- The rows of `open_data.layouts.commune_names`, from INSEE's files: movements, communes, collectivities overseas.

-- name: cog_present
create or replace temp table cog_present as
select
    com as code,
    libelle as label
from cog_communes
where typecom in ('COM', 'ARM')
union all
select
    com_comer,
    libelle
from cog_overseas
where nature_zonage = 'COM';

-- A code that is no commune today became what its last movement made of it, and so on: several where it was divided.
-- name: cog_successors
create or replace temp table cog_successors as
with recursive moves as (
    select
        com_av as from_code,
        com_ap as to_code
    from cog_movements
    where typecom_ap = 'COM' and com_av <> com_ap and com_av not in (select code from cog_present)
    qualify date_eff = max(date_eff) over (partition by com_av)
),

followed as (
    select
        from_code as known_code,
        to_code as code
    from moves
    union
    select
        followed.known_code,
        moves.to_code
    from followed inner join moves on followed.code = moves.from_code
)

select
    known_code,
    code as commune_code
from followed
where code in (select code from cog_present);

-- name: names
with of_the_past as (
    select
        com_av as known_code,
        libelle_av as label
    from cog_movements
    where typecom_av in ('COM', 'COMA', 'COMD')
    union
    select
        com_ap,
        libelle_ap
    from cog_movements
    where typecom_ap in ('COM', 'COMA', 'COMD')
),

-- left Guadeloupe in 2007 as collectivities of their own; the file of movements does not tell it
seceded as (
    from (values ('97123', 'Saint-Barthélemy', '97701'), ('97127', 'Saint-Martin', '97801'))
),

told as (
    select
        code as known_code,
        label,
        code as commune_code
    from cog_present
    union
    select
        com,
        libelle,
        comparent
    from cog_communes
    where typecom in ('COMA', 'COMD')
    union
    select
        known_code,
        label,
        known_code as commune_code
    from of_the_past
    where known_code in (select code from cog_present)
    union
    select
        known_code,
        label,
        commune_code
    from of_the_past inner join cog_successors using (known_code)
    union
    select * from seceded
)

select *
from told
where label is not null
order by known_code, commune_code, label;
