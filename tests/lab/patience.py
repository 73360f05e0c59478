"""How long an event may take that is due at once. Sanitizers make programs several times slower."""

import os

PATIENCE = 30.0 if os.environ.get("CAA_SANITIZED") == "1" else 5.0
