-- The rows of `open_data.layouts.results.aggregated`, from `candidate_lines` and `bureau_lines` of one election.

-- name: result_lines
create or replace temp table result_lines as
select
    candidate_lines.*,
    inscrits,
    votants,
    exprimes
from candidate_lines
left join bureau_lines using (id_brut_miom);

-- name: result_rows
create or replace temp table result_rows as
select
    insee_department(id_brut_miom[1:2]) || id_brut_miom[3:5] || '_' || lpad(id_brut_miom[7:], 4, '0') as bureau_code,
    inscrits::integer as registered,
    votants::integer as votes_cast,
    exprimes::integer as valid_votes,
    coalesce(nullif(libelle_etendu_liste, ''), nullif(libelle_abrege_liste, ''), nullif(nom, '')) as name,
    nullif(prenom, '') as given_name,
    nullif(nuance, '') as nuance,
    voix::integer as votes
from result_lines;
