{#- INSEE code of the arrondissement that a postcode of Paris names: 75011 and 75111 alike -> 75111; else null. -#}
{% macro arrondissement_of(postcode) -%}
    case
        when regexp_full_match({{ postcode }}, '750(0[1-9]|1[0-9]|20)') then '751' || {{ postcode }}[4:5]
        when {{ postcode }} = '75116' then '75116'
    end
{%- endmacro %}

{#- Zone whose clock and days of vote a commune or postcode follows; null without one. -#}
{% macro zone_of(code) -%}
    case
        when {{ code }} is null then null
        when {{ code }} in ('97133', '97701') then 'saint_barthelemy'
        when {{ code }} in ('97150', '97801') then 'saint_martin'
        when {{ code }}[1:2] in ('97', '98') then {{ overseas_zone(code ~ '[1:3]') }}
        when {{ code }}[1:2] in ('57', '67', '68') then 'alsace_moselle'
        else 'metropole'
    end
{%- endmacro %}

{#- Zone of the three digits that overseas communes and postcodes begin with. -#}
{% macro overseas_zone(prefix) -%}
    case {{ prefix }}
        when '971' then 'guadeloupe'
        when '972' then 'martinique'
        when '973' then 'guyane'
        when '974' then 'reunion'
        when '975' then 'saint_pierre_et_miquelon'
        when '976' then 'mayotte'
        when '977' then 'saint_barthelemy'
        when '978' then 'saint_martin'
        when '986' then 'wallis_et_futuna'
        when '987' then 'polynesie'
        when '988' then 'nouvelle_caledonie'
    end
{%- endmacro %}

{#- Codes of communes, with the arrondissements of Paris, Lyon and Marseille (INSEE): addresses name those, a roll the
    commune. -#}
{% macro with_arrondissements(codes) -%}
    list_concat(
        {{ codes }}
        {%- for commune, prefix, count in [('75056', '751', 20), ('69123', '6938', 9), ('13055', '132', 16)] %},
        case when list_contains({{ codes }}, '{{ commune }}') then [
            {%- for number in range(1, count + 1) -%}
                '{{ prefix }}{{ number if prefix | length == 4 else '%02d' % number }}'{{ ', ' if not loop.last }}
            {%- endfor -%}
        ] else [] end
        {%- endfor %}
    )
{%- endmacro %}

{#- Département of a commune: two characters, three overseas. -#}
{% macro departement_of(code) -%}
    case when {{ code }}[1:2] in ('97', '98') then {{ code }}[1:3] else {{ code }}[1:2] end
{%- endmacro %}
