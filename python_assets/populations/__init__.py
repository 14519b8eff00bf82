"""Synthetic populations of section 4, none of which uses an LLM.

Each ``sample_*`` with everything but ``size`` and ``seed`` filled in (``functools.partial``) is a sampler for
``metrics.panel.score_population``.
"""
