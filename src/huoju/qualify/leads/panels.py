"""What other rooms show on a lead's page: `next` is the strip on top with the one next action, `side` a card beside the
timeline. Registered in `site/wiring.py`."""

from huoju.core.ui.panels import Panels

from .models import Lead

LEAD_PANELS: Panels[Lead] = Panels()
