{#-
    As many pairs of each user as the study's cap allows, as a subquery: the two items of each, with the pair's number. For
    users who have more pairs, without making them.

    A user's pairs are numbered from 0: by the preferred item (those with lower ratings first), and then by the other one. Any
    number can be looked up, as an item is preferred to the first so many of the user's items in this order. The numbers are
    cut into as many strata of the same size as pairs are wanted, and each gives the one that a hash says (stratified random
    sampling): no pair comes twice, and all have the same chance.
-#}
{% macro drawn_pairs_among(interactions) -%}
(
    with

    items as (
        select
            reviewed.split,
            reviewed.user_id,
            reviewed.item_id,
            reviewed.rating,
            reviewed.position,
            reviewed.fold,
            coalesce(ratings.n_others, 0) as n_others,
            row_number() over in_order - 1 as place,
            cast(sum(coalesce(ratings.n_others, 0)) over in_order as bigint) as pairs_so_far
        from {{ interactions }} as reviewed
        left join {{ others_of_each_rating(interactions) }} as ratings using (split, user_id, rating)
        window in_order as (
            partition by reviewed.split, reviewed.user_id
            order by reviewed.rating, reviewed.item_id
            rows unbounded preceding
        )
    ),

    strata as (
        select
            counts.split,
            counts.user_id,
            numbers.stratum,
            cast(numbers.stratum::hugeint * counts.n_pairs // study.max_pairs_per_user as bigint) as first_number,
            cast((numbers.stratum::hugeint + 1) * counts.n_pairs // study.max_pairs_per_user as bigint) as next_number
        from (select split, user_id, max(pairs_so_far) as n_pairs from items group by split, user_id) as counts
        cross join study
        cross join unnest(range(study.max_pairs_per_user)) as numbers (stratum)
    ),

    drawn as (
        select
            strata.split,
            strata.user_id,
            strata.first_number + cast(
                md5_number_lower(concat_ws('|', strata.user_id, strata.stratum, study.seed))
                % (strata.next_number - strata.first_number) as bigint
            ) as pair_number
        from strata
        cross join study
    ),

    preferred as (
        select
            drawn.pair_number,
            items.*,
            drawn.pair_number - (items.pairs_so_far - items.n_others) as other_place
        from drawn
        asof join (select * from items where n_others > 0) as items
            on
                drawn.split = items.split
                and drawn.user_id = items.user_id
                and drawn.pair_number >= items.pairs_so_far - items.n_others
    )

    select
        split,
        user_id,
        pair_number,
        item_id,
        rating,
        position,
        fold
    from preferred
    union all
    select
        preferred.split,
        preferred.user_id,
        preferred.pair_number,
        other.item_id,
        other.rating,
        other.position,
        other.fold
    from preferred
    inner join items as other
        on
            preferred.split = other.split
            and preferred.user_id = other.user_id
            and preferred.other_place = other.place
)
{%- endmacro %}
