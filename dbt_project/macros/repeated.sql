{#-
    The rows of a CTE that are not alone with their `key_hash`, each with its place (`review_number`) among those of its
    key. Sorting everything to find the few that come twice would take several times as long.
-#}
{% macro numbered_repeats(reviews, key, order) -%}
(
    with

    repeated as materialized (
        select key_hash
        from {{ reviews }}
        group by key_hash
        having count(*) > 1
    )

    select
        {{ reviews }}.*,
        row_number() over (
            partition by {{ key | join(", ") }}
            order by {{ order | join(", ") }}
        ) as review_number
    from {{ reviews }}
    semi join repeated using (key_hash)
)
{%- endmacro %}
