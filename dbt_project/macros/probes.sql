{#- What a choice of probes depends on besides the items; in the columns of `raw.study`. -#}
{% macro probe_settings() -%}
    hash(seed, head_probes, torso_probes, tail_probes, head_items, torso_items)
{%- endmacro %}

{#-
    Probes stay as they were chosen once their split has an encoder, unless the study asks for new ones, chooses them
    otherwise, or has taken the category of one out of the split. `ml.encoder_runs` is no source here: encoders come after
    probes, so that it would close a circle.
-#}
{% macro forget_probes(study, splits) -%}
    {%- if is_incremental() -%}
    delete from {{ this }}
    where
        split not in (select split from "{{ this.database }}".ml.encoder_runs)
        or (select coalesce(refresh_probes, false) from {{ study }})
        or settings_hash is distinct from (select {{ probe_settings() }} from {{ study }})
        or split in (
            select probes.split
            from {{ this }} as probes
            where
                probes.split in (select split from {{ splits }})
                and (probes.split, probes.category) not in (select (split, category) from {{ splits }})
        )
    {%- endif -%}
{%- endmacro %}

{% macro splits_without_probes() -%}
    {%- if this and is_incremental() -%}
    where split not in (select split from {{ this }})
    {%- endif -%}
{%- endmacro %}
