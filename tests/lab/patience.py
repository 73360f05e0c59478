"""How long an event may take that is due at once. Sanitizers cost memory and time that no node pays."""

import os

SANITIZED = os.environ.get("CAA_SANITIZED") == "1"
PATIENCE = 30.0 if SANITIZED else 5.0
