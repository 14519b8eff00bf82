{#- Only rows whose hash comes twice are compared by name: of a hundred million names, memory holds the hashes. -#}
{% test unique_combination(model, columns) %}
with

repeated as (
    select hash({{ columns | join(", ") }}) as row_hash
    from {{ model }}
    group by row_hash
    having count(*) > 1
)

select
    {{ columns | join(", ") }},
    count(*) as n_rows
from {{ model }}
semi join repeated on hash({{ columns | join(", ") }}) = repeated.row_hash
group by {{ columns | join(", ") }}
having count(*) > 1
{% endtest %}
