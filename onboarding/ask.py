"""`python -m onboarding.ask /healthz`: asks the web server on this machine, and exits with 1 where it does not say yes.

For the health checks of containers, which have no curl: the host's name must be one that the site answers to.
"""

from __future__ import annotations

import http.client
import sys

from onboarding.settings import ALLOWED_HOSTS, PORT


def main(path: str) -> int:
    host = next((name.lstrip(".") for name in ALLOWED_HOSTS if name != "*"), "localhost")
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=4)
    try:
        connection.request("GET", path, headers={"Host": host})
        reply = connection.getresponse()
    except OSError as error:
        print(error)
        return 1
    print(reply.status, reply.read(2_000).decode(errors="replace"))
    return 0 if reply.status == 200 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
