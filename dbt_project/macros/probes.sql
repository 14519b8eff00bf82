{#- What a choice of probes depends on besides the items; in the columns of `raw.study`. -#}
{% macro probe_settings() -%}
    hash(seed, head_probes, torso_probes, tail_probes, head_items, torso_items)
{%- endmacro %}

{#-
    Probes stay as they were chosen once their split has an encoder, unless the study asks for new ones, chooses them
    otherwise, or has changed the categories of the split: an encoder of other categories, or of another seed, never met them.
    `ml.encoder_runs` is no source here: encoders come after probes, so that it would close a circle.

    Probes of older code do not say what categories they were chosen from. All that can be known of them is whether a
    category of one has left the split; where none has, they pass for probes of the present categories.
-#}
{% macro forget_probes(study, splits) -%}
    {%- set present -%}
        select
            split,
            list(category) as members,
            string_agg(category, '|' order by category) as categories
        from {{ splits }}
        group by split
    {%- endset -%}
    {%- if is_incremental() -%}
    alter table {{ this }} add column if not exists categories varchar;

    delete from {{ this }} as chosen
    where
        not exists (
            select 1 from "{{ this.database }}".ml.encoder_runs as runs
            where
                runs.split = chosen.split
                and runs.seed = (select seed from {{ study }})
                and coalesce(runs.categories = chosen.categories, true)
        )
        or (select coalesce(refresh_probes, false) from {{ study }})
        or settings_hash is distinct from (select {{ probe_settings() }} from {{ study }})
        or split in (
            select probes.split
            from {{ this }} as probes
            inner join ({{ present }}) as present on probes.split = present.split
            where
                probes.categories != present.categories
                or not list_contains(present.members, probes.category)
        );

    update {{ this }} as probes
    set categories = present.categories
    from ({{ present }}) as present
    where
        probes.split = present.split
        and probes.categories is null
    {%- endif -%}
{%- endmacro %}

{% macro splits_without_probes() -%}
    {%- if this and is_incremental() -%}
    where split not in (select split from {{ this }})
    {%- endif -%}
{%- endmacro %}
