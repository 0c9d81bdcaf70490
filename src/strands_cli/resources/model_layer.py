"""A model that stands before another: what it does not change goes through."""

from __future__ import annotations

from typing import Any

from strands.models.model import Model


class ModelLayer(Model):
    """A model that changes what another is told, or what it says; subclasses do that in `stream`.

    Args:
        model: The other model; whoever closes this one closes it.
    """

    def __init__(self, model: Model) -> None:
        self._model: Model = model

    @property
    def stateful(self) -> bool:
        return self._model.stateful

    def update_config(self, **model_config: Any) -> None:
        self._model.update_config(**model_config)

    def get_config(self) -> Any:
        return self._model.get_config()

    async def aclose(self) -> None:
        await self._model.aclose()
