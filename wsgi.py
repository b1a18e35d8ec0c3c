"""What gunicorn serves: `gunicorn -c gunicorn.conf.py wsgi:app`."""

import sys

from gunicorn.arbiter import Arbiter

from tsvapp import create_app
from tsvapp.errors import StartupError

try:
    app = create_app()
except StartupError as error:
    print(f"tsvapp cannot start. {error.message}", file=sys.stderr)
    # With any other status gunicorn would start the worker again and again.
    sys.exit(Arbiter.WORKER_BOOT_ERROR)
