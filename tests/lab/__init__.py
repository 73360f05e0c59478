"""An Azure VM in a network namespace, with the fabric around it: what end-to-end tests and the demo run in."""

from .agent import Agent, Answer, agent_binary, build_folder
from .lab import Lab, exists, remove
from .namespace import Namespace
from .simulator import Simulator
from .tape import Tape
from .transcript import TimeIsUp, eventually

__all__ = ["Agent", "Answer", "Lab", "Namespace", "Simulator", "Tape", "TimeIsUp", "agent_binary", "build_folder",
           "eventually", "exists", "remove"]
