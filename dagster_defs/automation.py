"""When Dagster goes on by itself: what follows from the corpus is made anew once what it is made from has been."""

from __future__ import annotations

import dagster as dg

# Off until `default_automation_condition_sensor` is switched on in the UI; with `source_file_sensor`, new files then lead to new
# results. Encoders, personas and ratings look themselves at what has changed, so that a refresh trains and asks only for that.
FOLLOWS = dg.AutomationCondition.eager()

# Most populations are never imported: that does not hold them up.
FOLLOWS_IMPORTS = FOLLOWS.replace(
    "any_deps_missing",
    dg.AutomationCondition.any_deps_missing().ignore(
        dg.AssetSelection.assets(["raw", "imported_personas"], ["raw", "imported_ratings"])
    ),
)
