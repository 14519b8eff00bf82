-- Of n reviews floor(8n/10) train and floor(9n/10) - floor(8n/10) validate.
select
    split,
    user_id,
    count(*) as n_reviews
from {{ untested(ref('interactions'), ['split', 'user_id']) }} as interactions
group by split, user_id
having
    count(*) filter (where fold = 'train') != 8 * count(*) // 10
    or count(*) filter (where fold != 'test') != 9 * count(*) // 10
    or max(position) != count(*)
    or any_value(n_reviews) != count(*)
