-- A review of a later fold is never earlier than one of an earlier fold of the same user.
with

interactions as (
    select * from {{ untested(ref('interactions'), ['split', 'user_id']) }}
),

fold_spans as (
    select
        split,
        user_id,
        list_position(['train', 'validation', 'test'], fold) as fold_number,
        min(reviewed_at) as first_review_at,
        max(reviewed_at) as last_review_at
    from interactions
    group by split, user_id, fold
)

select
    earlier.split,
    earlier.user_id
from fold_spans as earlier
inner join fold_spans as later
    on
        earlier.split = later.split
        and earlier.user_id = later.user_id
        and earlier.fold_number < later.fold_number
        and earlier.last_review_at > later.first_review_at
