"""The virtual machines of tests/healthy, for what ARM says of them."""

import importlib
import pathlib
import sys

_HEALTHY = pathlib.Path(__file__).resolve().parents[1] / "healthy"


def machines():
    sys.path.insert(0, str(_HEALTHY))
    modules = [importlib.import_module(file.stem) for file in sorted(_HEALTHY.glob("test_*.py"))]
    cases = {case for module in modules for case in vars(module).values()
             if isinstance(case, type) and case.__dict__.get("variants")}
    return [variant.vm for case in cases for variant in case.variants]
