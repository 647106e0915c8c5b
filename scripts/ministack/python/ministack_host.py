"""ministack as one of several on this machine: `python -m ministack_host --instance=FOLDER [--owned]`.

What else it is to know comes in its own environment variables, from `scripts/ministack/instance.ts`. With
--owned the end of standard input ends it, and with it the processes of functions, which are of its group.
"""

import os
import signal
import sys
import threading

from ministack import app


def end_with_standard_input() -> None:
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)


if "--owned" in sys.argv:
    threading.Thread(target=end_with_standard_input, daemon=True).start()

# With TLS it would take 443 as well, for a service that is not used here.
app._port_is_bindable = lambda host, port: False
del sys.argv[1:]
app.main()
