"""The application with its costs counted, where a day lasts half a second and expired rooms are looked for often."""

from tsvapp.live import records, worker

records.DAY_SECONDS = 0.5
worker.EXPIRE_SECONDS = 1.0

from tests.support.counting_app import app  # noqa: E402, F401  # it makes the worker, which is to see these
