"""What a study will cost before it is run: LLM requests and encoder trainings, with the speed that was seen here."""

from python_assets.estimate.requests import Requests, requests_of
from python_assets.estimate.training import Training, trainings_of

__all__ = ["Requests", "Training", "requests_of", "trainings_of"]
