"""Simulated review corpora with planted preferences, in the layout of Amazon Reviews 2023."""

from python_assets.simulate.corpus import simulate
from python_assets.simulate.settings import SimulationError, SimulationSettings, load_settings
from python_assets.simulate.tally import SimulationReport

__all__ = ["SimulationError", "SimulationReport", "SimulationSettings", "load_settings", "simulate"]
