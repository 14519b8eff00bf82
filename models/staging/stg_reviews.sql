-- A view: few reviews repeat, and leaving them out takes a hundredth of the time of writing the others down.
{{ config(materialized='view') }}

with

reviews as (
    select * from {{ without_database(source('raw', 'reviews')) }}
),

repeat_reviews as (
    select * from {{ without_database(ref('repeat_reviews')) }}
),

final as (
    select
        reviews.category,
        reviews.user_id,
        reviews.item_id,
        reviews.rating,
        reviews.reviewed_at,
        reviews.file,
        reviews.line_number,
        reviews.batch_id
    from reviews
    anti join repeat_reviews using (category, user_id, item_id, reviewed_at, file, line_number)
)

select * from final
