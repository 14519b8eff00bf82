-- A view: a new seed user moves the order of all others, and the blocks should not be written anew for that.
{{ config(materialized='view') }}

with

seed_users as (
    select * from {{ without_database(ref('seed_users')) }}
),

blocks as (
    select * from {{ without_database(ref('grounding_blocks')) }}
),

final as (
    select
        seed_users.split,
        seed_users.user_id,
        seed_users.seed_order,
        blocks.top_items_block,
        blocks.n_top_items,
        blocks.rating_hist,
        blocks.n_reviews,
        blocks.profile_hash
    from seed_users
    inner join blocks
        on
            seed_users.split = blocks.split
            and seed_users.user_id = blocks.user_id
)

select * from final
