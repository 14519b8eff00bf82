{% test not_blank(model, column_name) %}
select {{ column_name }}
from {{ model }}
where {{ column_name }} is null or not regexp_matches({{ column_name }}, '\S')
{% endtest %}
