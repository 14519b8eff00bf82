{#- What a choice of probes depends on besides the items; in the columns of `raw.study`. -#}
{% macro probe_settings() -%}
    hash(seed, head_probes, torso_probes, tail_probes, head_items, torso_items)
{%- endmacro %}

{#-
    Probes stay as they were chosen once their split has an encoder, unless the study asks for new ones or chooses them
    otherwise. `ml.encoder_runs` is no source here: encoders come after probes, so that it would close a circle.
-#}
{% macro forget_probes(study) -%}
    {%- if is_incremental() -%}
    delete from {{ this }}
    where
        split not in (select split from {{ this.database }}.ml.encoder_runs)
        or (select coalesce(refresh_probes, false) from {{ study }})
        or settings_hash is distinct from (select {{ probe_settings() }} from {{ study }})
    {%- endif -%}
{%- endmacro %}

{% macro splits_without_probes() -%}
    {%- if this and is_incremental() -%}
    where split not in (select split from {{ this }})
    {%- endif -%}
{%- endmacro %}
