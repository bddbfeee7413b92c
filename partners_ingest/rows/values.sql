-- Macros that type cells, for the expressions of `partners_ingest.rows.values`.

-- name: macros
-- Of two equal local times the first one; ICU gives the second. A local time that never was counts by the offset
-- before the gap, as ICU does (partners README, section 2).
create or replace temp macro utc_of_local(local_at, zone) as timezone('UTC', if(
    timezone(zone, timezone(zone, local_at) - interval 1 hour) = local_at,
    timezone(zone, local_at) - interval 1 hour, timezone(zone, local_at)
));

create or replace temp macro whole_seconds(cell) as regexp_replace(
    replace(cell, ',', '.'), '([T ][0-9]{2}:[0-9]{2})(Z|[+-]|$)', '\1:00\2'
);

-- Digit counts are checked first: DuckDB reads `26` as the year 26 (feeds.md). In UTC to the second, as software writes
-- it, no time zone need be asked.
create or replace temp macro instant_with_offset(cell) as case
    when
        regexp_full_match(cell, '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}Z')
        then try_cast(cell as timestamp)
    when
        regexp_full_match(
            cell,
            '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?'
            || ' ?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)'
        )
        then timezone('UTC', try_cast(whole_seconds(cell) as timestamptz))
end;

create or replace temp macro local_time(cell) as if(regexp_full_match(
    cell,
    '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?'
),
try_cast(whole_seconds(cell) as timestamp), null);

create or replace temp macro iso_day(cell) as if(
    regexp_full_match(cell, '[0-9]{4}-[0-9]{2}-[0-9]{2}'), try_cast(cell as date), null
);

create or replace temp macro spaced_time(cell) as if(
    regexp_full_match(cell, '[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}'),
    try_cast(cell as timestamp), null
);

create or replace temp macro slashed_day(cell) as if(
    regexp_full_match(cell, '[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}'), try_strptime(cell, '%d/%m/%Y')::date, null
);

create or replace temp macro slashed_time(cell) as if(
    regexp_full_match(cell, '[0-9]{1,2}/[0-9]{1,2}/[0-9]{4} [0-9]{1,2}:[0-9]{2}'),
    try_strptime(cell, '%d/%m/%Y %H:%M'), null
);

create or replace temp macro short_day(cell, century) as if(
    regexp_full_match(cell, '[0-9]{1,2}/[0-9]{1,2}/[0-9]{2}'),
    try_strptime(cell[:-3] || century || cell[-2:], '%d/%m/%Y')::date, null
);

-- 29 February exists in one century only: then the other one cannot be meant.
create or replace temp macro adult_day(cell, read_on) as if(
    short_day(cell, '20') <= (read_on - interval 18 year)::date, short_day(cell, '20'), short_day(cell, '19')
);

-- The 1900 system counts a 29 February 1900 that never was; days before it are not read.
create or replace temp macro serial_number(cell) as if(
    regexp_full_match(cell, '[0-9]{2,5}(?:[.,][0-9]+)?'), try_cast(replace(cell, ',', '.') as double), null
);

create or replace temp macro serial_day(cell) as if(
    serial_number(cell) > 60 and serial_number(cell) = floor(serial_number(cell)),
    date '1899-12-30' + serial_number(cell)::integer, null
);

create or replace temp macro serial_time(cell) as if(
    serial_number(cell) > 60, timestamp '1899-12-30' + to_seconds(round(serial_number(cell) * 86400)), null
);

-- A day without time counts from its last second in Paris (partners README, section 2); no date, or one of a day
-- after the file's export, which is a slip of the pen: from the export, not years later.
create or replace temp macro withdrawal_instant(stated, zone) as if(stated.quality = 'date_only', utc_of_local(
    timezone(zone, timezone('UTC', stated.at))::date::timestamp + interval '23:59:59', 'Europe/Paris'
), stated.at);

create or replace temp macro withdrawal_of(stated, zone, exported) as if(
    withdrawal_instant(stated, zone) < exported + interval 1 day,
    { 'at': withdrawal_instant(stated, zone), 'quality': stated.quality },
    { 'at': exported, 'quality': 'export_instant' }
);

-- A bare number of seconds before 2001 or after 2286 is no instant of a consent.
create or replace temp macro epoch_time(
    cell, per_second) as if(
    regexp_full_match(cell, '[0-9]{10}|[0-9]{13}')
    and length(cell) = if(per_second = 1, 10, 13), make_timestamp(cell::bigint * (1000000 // per_second)), null
);

-- ISO 3166-1, and names that shops write whose form has no code. Any other text is of no country that can be read:
-- `ZZ`, which
-- ISO leaves to its users, so that it is not taken for France, which a blank is.
create or replace temp macro country_of(cell) as case
    when cell = '' then null
    when upper(cell) = 'FR' then 'FR'
    when upper(cell) in (
        'AD', 'AE', 'AF', 'AG', 'AI', 'AL', 'AM', 'AO', 'AQ', 'AR', 'AS', 'AT', 'AU', 'AW', 'AX', 'AZ',
        'BA', 'BB', 'BD', 'BE', 'BF', 'BG', 'BH', 'BI', 'BJ', 'BL', 'BM', 'BN', 'BO', 'BQ', 'BR', 'BS',
        'BT', 'BV', 'BW', 'BY', 'BZ', 'CA', 'CC', 'CD', 'CF', 'CG', 'CH', 'CI', 'CK', 'CL', 'CM', 'CN',
        'CO', 'CR', 'CU', 'CV', 'CW', 'CX', 'CY', 'CZ', 'DE', 'DJ', 'DK', 'DM', 'DO', 'DZ', 'EC', 'EE',
        'EG', 'EH', 'ER', 'ES', 'ET', 'FI', 'FJ', 'FK', 'FM', 'FO', 'FR', 'GA', 'GB', 'GD', 'GE', 'GF',
        'GG', 'GH', 'GI', 'GL', 'GM', 'GN', 'GP', 'GQ', 'GR', 'GS', 'GT', 'GU', 'GW', 'GY', 'HK', 'HM',
        'HN', 'HR', 'HT', 'HU', 'ID', 'IE', 'IL', 'IM', 'IN', 'IO', 'IQ', 'IR', 'IS', 'IT', 'JE', 'JM',
        'JO', 'JP', 'KE', 'KG', 'KH', 'KI', 'KM', 'KN', 'KP', 'KR', 'KW', 'KY', 'KZ', 'LA', 'LB', 'LC',
        'LI', 'LK', 'LR', 'LS', 'LT', 'LU', 'LV', 'LY', 'MA', 'MC', 'MD', 'ME', 'MF', 'MG', 'MH', 'MK',
        'ML', 'MM', 'MN', 'MO', 'MP', 'MQ', 'MR', 'MS', 'MT', 'MU', 'MV', 'MW', 'MX', 'MY', 'MZ', 'NA',
        'NC', 'NE', 'NF', 'NG', 'NI', 'NL', 'NO', 'NP', 'NR', 'NU', 'NZ', 'OM', 'PA', 'PE', 'PF', 'PG',
        'PH', 'PK', 'PL', 'PM', 'PN', 'PR', 'PS', 'PT', 'PW', 'PY', 'QA', 'RE', 'RO', 'RS', 'RU', 'RW',
        'SA', 'SB', 'SC', 'SD', 'SE', 'SG', 'SH', 'SI', 'SJ', 'SK', 'SL', 'SM', 'SN', 'SO', 'SR', 'SS',
        'ST', 'SV', 'SX', 'SY', 'SZ', 'TC', 'TD', 'TF', 'TG', 'TH', 'TJ', 'TK', 'TL', 'TM', 'TN', 'TO',
        'TR', 'TT', 'TV', 'TW', 'TZ', 'UA', 'UG', 'UM', 'US', 'UY', 'UZ', 'VA', 'VC', 'VE', 'VG', 'VI',
        'VN', 'VU', 'WF', 'WS', 'YE', 'YT', 'ZA', 'ZM', 'ZW'
    ) then upper(cell)
    when upper(cell) in ('FRANCE', 'FRA', 'FRANCE METROPOLITAINE', 'FRANCE MÉTROPOLITAINE') then 'FR'
    when upper(cell) in ('BELGIQUE', 'BELGIUM', 'BEL') then 'BE'
    when upper(cell) in ('ALLEMAGNE', 'GERMANY', 'DEUTSCHLAND') then 'DE'
    when upper(cell) in ('ESPAGNE', 'SPAIN') then 'ES'
    when upper(cell) in ('ITALIE', 'ITALY') then 'IT'
    when upper(cell) in ('SUISSE', 'SWITZERLAND') then 'CH'
    when upper(cell) in ('LUXEMBOURG') then 'LU'
    when upper(cell) in ('PAYS-BAS', 'NETHERLANDS') then 'NL'
    when upper(cell) in ('ROYAUME-UNI', 'UNITED KINGDOM', 'UK') then 'GB'
    when upper(cell) in ('PORTUGAL') then 'PT'
    when upper(cell) in ('MONACO') then 'MC'
    when upper(cell) in ('CANADA') then 'CA'
    when upper(cell) in ('ÉTATS-UNIS', 'ETATS-UNIS', 'UNITED STATES', 'USA') then 'US'
    when upper(cell) in ('AUTRICHE', 'AUSTRIA') then 'AT'
    when upper(cell) in ('IRLANDE', 'IRELAND') then 'IE'
    when upper(cell) in ('MAROC', 'MOROCCO') then 'MA'
    when upper(cell) in ('ALGÉRIE', 'ALGERIE', 'ALGERIA') then 'DZ'
    when upper(cell) in ('TUNISIE', 'TUNISIA') then 'TN'
    when upper(cell) in ('GUADELOUPE') then 'GP'
    when upper(cell) in ('MARTINIQUE') then 'MQ'
    when upper(cell) in ('GUYANE', 'FRENCH GUIANA') then 'GF'
    when upper(cell) in ('RÉUNION', 'REUNION', 'LA RÉUNION', 'LA REUNION') then 'RE'
    when upper(cell) in ('MAYOTTE') then 'YT'
    when upper(cell) in ('NOUVELLE-CALÉDONIE', 'NOUVELLE-CALEDONIE', 'NEW CALEDONIA') then 'NC'
    when upper(cell) in ('POLYNÉSIE FRANÇAISE', 'POLYNESIE FRANCAISE', 'FRENCH POLYNESIA') then 'PF'
    when upper(cell) in ('SAINT-PIERRE-ET-MIQUELON') then 'PM'
    when upper(cell) in ('WALLIS-ET-FUTUNA') then 'WF'
    when upper(cell) in ('SAINT-BARTHÉLEMY', 'SAINT-BARTHELEMY') then 'BL'
    when upper(cell) in ('SAINT-MARTIN') then 'MF'
    when upper(cell) in ('ANDORRE', 'ANDORRA') then 'AD'
    when upper(cell) in ('POLOGNE', 'POLAND') then 'PL'
    when upper(cell) in ('ROUMANIE', 'ROMANIA') then 'RO'
    else 'ZZ'
end;

create or replace temp macro bare_postcode(cell) as regexp_replace(regexp_replace(
    upper(regexp_replace(unguarded(cell), '\s', '', 'g')), '\.0$', ''
), '^FR?-?([0-9]{4,5})$', '\1');

-- Forms of other countries, where the row names one; before a hyphen, its letter says so too.
create or replace temp macro is_foreign_postcode(bare, country) as case country
    when 'NL' then regexp_full_match(bare, '[0-9]{4}[A-Z]{2}')
    when 'GB' then regexp_full_match(bare, '[A-Z]{1,2}[0-9][0-9A-Z]?[0-9][A-Z]{2}')
    when 'IE' then regexp_full_match(bare, '[A-Z][0-9]{2}[0-9A-Z]{4}')
    when 'CA' then regexp_full_match(bare, '(?:[A-Z][0-9]){3}')
    when 'PL' then regexp_full_match(bare, '[0-9]{2}-[0-9]{3}')
    when 'PT' then regexp_full_match(bare, '[0-9]{4}-?[0-9]{3}')
    when 'AD' then regexp_full_match(bare, 'AD[0-9]{3}')
    when 'RO' then regexp_full_match(bare, '[0-9]{6}')
    else regexp_full_match(bare, '(?:[A-Z]{1,3}-)?[0-9]{4,5}|[0-9]{2}-[0-9]{3}')
end;

-- Five digits, which those of overseas territories are too; four are five whose zero was lost, but in Belgium. Anything
-- else is no postcode: null.
create or replace temp macro postcode_of(cell, country) as case
    when regexp_full_match(cell, '[0-9]{5}') then cell
    when cell = '' then null
    when regexp_full_match(bare_postcode(cell), '[0-9]{4}') and country is distinct from 'BE'
        then '0' || bare_postcode(cell)
    when regexp_full_match(bare_postcode(cell), '[0-9]{5}') then bare_postcode(cell)
    when is_foreign_postcode(bare_postcode(cell), country) then bare_postcode(cell)
end;

-- A cell that could not be read and is plainly a value of another kind: what a shifted row is full of.
create or replace temp macro is_day_cell(cell) as
regexp_full_match(cell, '[0-9]{4}-[0-9]{2}-[0-9]{2}.*|[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}.*');

create or replace temp macro is_postcode_cell(cell) as regexp_full_match(cell, '[0-9]{4,5}');

create or replace temp macro is_person_cell(cell) as contains(cell, '@') or looks_like_number(cell);

create or replace temp macro is_wordy_cell(cell) as regexp_full_match(cell, '[\p{L} .''-]{3,}');

-- Of the five cells of a row that have a type: two or more hold something of another kind.
create or replace temp macro cells_are_shifted(
    born, is_unborn, consented, is_undated, postcode, is_unplaced, country, known_country, sex, is_unsexed
) as (
    if(is_unborn, is_postcode_cell(born) or is_person_cell(born) or is_wordy_cell(born), false)::integer
    + if(
        is_undated, is_postcode_cell(consented) or is_person_cell(consented) or is_wordy_cell(consented), false
    )::integer
    + if(is_unplaced, is_day_cell(postcode) or is_person_cell(postcode), false)::integer
    + if(
        known_country = 'ZZ', is_day_cell(country) or is_postcode_cell(country) or is_person_cell(country), false
    )::integer
    + if(is_unsexed, is_day_cell(sex) or is_postcode_cell(sex) or is_person_cell(sex), false)::integer
) > 1;
