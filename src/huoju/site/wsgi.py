"""The WSGI entry point."""

import os
import threading

from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "huoju.site.settings")

application = get_wsgi_application()

# Rooms that answer faster once they have looked around, each in a thread beside the first requests.
for _job in ("huoju.measure.funnel.jobs.warm_up",):
    threading.Thread(target=import_string(_job), name=_job, daemon=True).start()
