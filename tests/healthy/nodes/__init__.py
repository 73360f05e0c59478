"""Nodes of the products that run Calico on Azure, in the lab."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))  # the package `lab`
