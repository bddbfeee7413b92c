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

-- Written out by shops whose form has no code.
create or replace temp macro country_of(
    cell) as case upper(cell)
    when '' then null when 'FRANCE' then 'FR'
    when 'BELGIQUE' then 'BE' when 'BELGIUM' then 'BE' else upper(cell)
end;

create or replace temp macro bare_postcode(cell) as regexp_replace(regexp_replace(
    upper(regexp_replace(unguarded(cell), '\s', '', 'g')), '\.0$', ''
), '^FR?-?([0-9]{4,5})$', '\1');

create or replace temp macro postcode_of(cell, country) as nullif(case
    when regexp_full_match(cell, '[0-9]{5}') then cell
    when regexp_full_match(bare_postcode(cell), '[0-9]{4}') and country is distinct from 'BE'
        then '0' || bare_postcode(cell)
    else bare_postcode(cell)
end, '');
