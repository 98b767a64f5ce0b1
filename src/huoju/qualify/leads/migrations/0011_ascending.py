"""Indexes by time grow at their right end, where a page is filled before the next is begun; lists read them backwards."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0003_default_channels'),
        ('companies', '0004_groups_and_merges'),
        ('identity', '0007_held_not_looked_up'),
        ('leads', '0010_held_not_looked_up'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='lead',
            name='leads_by_capture',
        ),
        migrations.RemoveIndex(
            model_name='lead',
            name='leads_by_stage',
        ),
        migrations.RemoveIndex(
            model_name='lead',
            name='leads_by_channel',
        ),
        migrations.RemoveIndex(
            model_name='lead',
            name='leads_by_campaign',
        ),
        migrations.RemoveIndex(
            model_name='lead',
            name='leads_by_owner',
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['captured_at', 'id'], name='leads_by_capture'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['stage', 'captured_at', 'id'], name='leads_by_stage'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['owner', 'captured_at', 'id'], name='leads_by_owner'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['channel', 'captured_at', 'id'], name='leads_by_channel'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('campaign__isnull', False)), fields=['campaign', 'captured_at', 'id'], name='leads_by_campaign'),
        ),
    ]
