{#- One query for all required columns of a model: a test a column would cost more time than the models themselves. -#}
{% test not_null_columns(model, columns) %}
select {{ columns | join(", ") }}
from {{ model }}
where
    {{ columns | join(" is null or ") }} is null
{% endtest %}
