{% macro paired_metrics() -%}
    {{ return([
        "pair_cosine_distance",
        "pair_l2_distance",
        "rank_accuracy",
        "rank_accuracy_of_others",
        "rating_correlation",
        "rating_correlation_of_others",
        "norm_ratio",
        "coverage_full_population",
        "cos_std",
        "matched_real_cos_mean",
        "matched_real_cos_std",
        "n_personas",
        "n_unplaceable",
        "n_constant",
    ]) }}
{%- endmacro %}

{#- One column a metric, of a table with one row a metric. -#}
{% macro pivot_metrics(metrics, value, prefix="") -%}
    {%- for metric in metrics %}
    max({{ value }}) filter (where metric = '{{ metric }}') as {{ prefix }}{{ metric }}
    {{- "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}
