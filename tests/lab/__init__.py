"""Azure in network namespaces: one VM behind its fabric (Lab), or several of them in a virtual network (Cluster). What
end-to-end tests, scenarios and the demo run in."""

from .agent import Agent, Answer, agent_binary, build_folder
from .cluster import Cluster
from .lab import Lab
from .namespace import Namespace
from .patience import SANITIZED
from .simulator import Simulator
from .stage import KEPT, exists, remove
from .tape import Tape
from .traffic import reaches
from .transcript import TimeIsUp, eventually

__all__ = ["Agent", "Answer", "Cluster", "KEPT", "Lab", "Namespace", "SANITIZED", "Simulator", "Tape", "TimeIsUp",
           "agent_binary", "build_folder", "eventually", "exists", "reaches", "remove"]
