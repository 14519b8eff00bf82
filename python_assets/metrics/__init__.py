"""Distributional and paired metrics (section 3.4), one file a metric, and the panel that runs them."""
