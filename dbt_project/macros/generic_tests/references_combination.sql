{#- A foreign key of several columns. -#}
{% test references_combination(model, columns, to) %}
select distinct {{ columns | join(", ") }}
from {{ model }}
anti join {{ to }} using ({{ columns | join(", ") }})
{% endtest %}
