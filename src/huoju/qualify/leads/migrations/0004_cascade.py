"""What is a part of a row goes with it."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0003_default_channels'),
        ('leads', '0003_given_history'),
    ]

    operations = [
        migrations.AlterField(
            model_name='stagechange',
            name='lead',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.DB_CASCADE, related_name='+', to='leads.lead'),
        ),
        migrations.AlterField(
            model_name='touch',
            name='campaign',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='campaigns.campaign'),
        ),
        migrations.AlterField(
            model_name='touch',
            name='channel',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='campaigns.channel'),
        ),
        migrations.AlterField(
            model_name='touch',
            name='lead',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.DB_CASCADE, related_name='+', to='leads.lead'),
        ),
    ]
