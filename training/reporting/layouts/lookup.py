"""Which models have a layout, and what the report needs to know of each."""

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from screening.errors import UnknownModel
from training.reporting import layouts
from training.reporting.bench import Bench
from training.reporting.subgroup_table import Main
from training.reporting.tables import Table

_MAINS = {
    "cap_mortality_cxr": Main(score="risk", title="DL", event="died"),
    "ssc_ild_mortality_ct": Main(score="risk_5", title="the bundle's risk", risk="risk_5", horizon=5.0),
    "pediatric_age_cxr": Main(score="months", title="age in months", true="true_months"),
    "spine_fracture_xr": Main(score="deepsurv_image_m3", title="DeepSurv and image, model 3", risk="risk_3",
                              horizon=3.0),
    "bone_muscle_ct": Main(score="risk_5", title="bone and muscle", risk="risk_5", horizon=5.0),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The tables of a model's paper."""

    model_name: str
    horizons: tuple[float, ...]  #: years; empty without follow-up times
    main: Main  #: what is given by subgroup
    tables: Callable[[Sequence[Bench]], list[Table]]


def names() -> list[str]:
    """Models that have a layout."""
    return sorted(module.name for module in pkgutil.iter_modules(layouts.__path__) if module.name in _MAINS)


def layout_of(model_name: str) -> Layout:
    """The layout of a model.

    Raises
    ------
    UnknownModel
        If there is none.
    """
    if model_name not in names():
        raise UnknownModel(f"there is no layout for {model_name!r}; there are {', '.join(names())}")
    module = importlib.import_module(f"training.reporting.layouts.{model_name}")
    tables = cast(Callable[[Sequence[Bench]], list[Table]], module.tables)
    return Layout(model_name=model_name, horizons=module.HORIZONS, main=_MAINS[model_name], tables=tables)
