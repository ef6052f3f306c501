"""``python -m outrider.launcher``."""

import sys

from outrider.launcher.command import main

sys.exit(main())
