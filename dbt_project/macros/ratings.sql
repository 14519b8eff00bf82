{#- 5.0 as `5`, 4.5 as `4.5`. -#}
{% macro number_text(number) -%}
    regexp_replace(cast({{ number }} as varchar), '\.0+$', '')
{%- endmacro %}

{#- `1 star: 0, 2 stars: 1, ...` of a group; half stars count for the next whole one. -#}
{% macro star_histogram(rating) -%}
    concat_ws(
        ', ',
        {%- for stars in range(1, 6) %}
        '{{ stars }} star{{ "" if stars == 1 else "s" }}: '
        || count(*) filter (where greatest(1, least(5, floor({{ rating }} + 0.5))) = {{ stars }})
        {{- "," if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
