-- A review of a later fold is never earlier than one of an earlier fold of the same user.
select
    split,
    user_id
from {{ untested(ref('interactions'), ['split', 'user_id']) }} as interactions
group by split, user_id
having
    max(reviewed_at) filter (where fold = 'train') > min(reviewed_at) filter (where fold != 'train')
    or max(reviewed_at) filter (where fold = 'validation') > min(reviewed_at) filter (where fold = 'test')
