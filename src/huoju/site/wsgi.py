"""The WSGI entry point."""

import os
import threading

from django.core.wsgi import get_wsgi_application

from huoju.site.warming import warm_up

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "huoju.site.settings")

application = get_wsgi_application()

threading.Thread(target=warm_up, name="warm_up", daemon=True).start()
