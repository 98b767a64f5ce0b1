"""Answers say more than yes or no; the policy table; lists of addresses; the letters that ask to confirm."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('consent', '0001_initial'),
        ('identity', '0004_alias'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # Until now a box on a form that nobody ticked was kept as a no. Silence is no answer: those rows were never said.
        migrations.RunSQL("DELETE FROM consent_consent WHERE NOT granted", migrations.RunSQL.noop),
        migrations.CreateModel(
            name='ConsentPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(unique=True, verbose_name='version')),
                ('rules', models.JSONField(verbose_name='rules')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='what changed')),
                ('active', models.BooleanField(default=False, verbose_name='active')),
                ('created_at', models.DateTimeField(verbose_name='created')),
            ],
            options={
                'verbose_name': 'consent policy',
                'verbose_name_plural': 'consent policies',
                'ordering': ['-version'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Letter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=120, unique=True)),
                ('kind', models.CharField(choices=[('opt_in', 'Confirm a subscription'), ('request', "Confirm a request about one's data"), ('preferences', "Link to one's preferences")], max_length=12)),
                ('address', models.CharField(max_length=320)),
                ('language', models.CharField(blank=True, max_length=10)),
                ('context', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField()),
                ('sent_at', models.DateTimeField(null=True)),
                ('answered_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Suppression',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('email', 'email'), ('mobile', 'mobile'), ('domain', 'domain'), ('prefix', 'prefix'), ('person', 'person')], max_length=8)),
                ('value', models.CharField(max_length=320)),
                ('reason', models.CharField(blank=True, default='', max_length=200, verbose_name='reason')),
                ('source', models.CharField(max_length=80, verbose_name='source')),
                ('added_at', models.DateTimeField(verbose_name='added')),
                ('expires_at', models.DateTimeField(null=True, verbose_name='until')),
            ],
        ),
        migrations.CreateModel(
            name='SuppressionList',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(blank=True, max_length=40, null=True, unique=True)),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('kind', models.CharField(choices=[('erased', 'erased'), ('unsubscribed', 'unsubscribed'), ('register', 'register'), ('black', 'black'), ('white', 'white')], max_length=12, verbose_name='what it means')),
                ('channels', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), blank=True, default=list)),
                ('country', models.CharField(blank=True, default='', max_length=2, verbose_name='country')),
                ('checked_at', models.DateTimeField(blank=True, null=True, verbose_name='last checked')),
                ('created_at', models.DateTimeField(verbose_name='created')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='SuppressionUpload',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file', models.FileField(max_length=200, upload_to='suppression/')),
                ('file_name', models.CharField(max_length=200, verbose_name='file')),
                ('file_size', models.BigIntegerField(verbose_name='size')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='reason')),
                ('expires_at', models.DateTimeField(null=True)),
                ('country', models.CharField(default='CN', max_length=2)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('finished', 'Finished'), ('failed', 'Failed')], default='waiting', max_length=8)),
                ('done_bytes', models.BigIntegerField(default=0)),
                ('done_lines', models.BigIntegerField(default=0)),
                ('added', models.BigIntegerField(default=0)),
                ('known', models.BigIntegerField(default=0)),
                ('bad', models.BigIntegerField(default=0)),
                ('created_at', models.DateTimeField(verbose_name='uploaded')),
                ('finished_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='UploadFault',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line', models.BigIntegerField()),
                ('text', models.CharField(max_length=200)),
                ('problem', models.CharField(max_length=12)),
            ],
        ),
        migrations.AddField(
            model_name='consent',
            name='address',
            field=models.CharField(blank=True, default='', max_length=320),
        ),
        migrations.AddField(
            model_name='consent',
            name='expires_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='consent',
            name='source',
            field=models.CharField(blank=True, default='', max_length=80),
        ),
        migrations.AddField(
            model_name='consent',
            name='state',
            field=models.CharField(default='given', max_length=10),
        ),
        migrations.AddConstraint(
            model_name='consent',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('granted', True), ('state__in', ['confirmed', 'given'])), models.Q(('granted', False), ('state__in', ['declined', 'pending', 'withdrawn'])), _connector='OR'), name='consent_state_agrees'),
        ),
        migrations.AddField(
            model_name='consentpolicy',
            name='created_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='letter',
            name='person',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.DB_CASCADE, related_name='+', to='identity.person'),
        ),
        migrations.AddField(
            model_name='suppressionlist',
            name='created_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='suppression',
            name='list',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.DB_CASCADE, related_name='+', to='consent.suppressionlist'),
        ),
        migrations.AddField(
            model_name='suppressionupload',
            name='created_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='suppressionupload',
            name='list',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='consent.suppressionlist'),
        ),
        migrations.AddField(
            model_name='uploadfault',
            name='upload',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.DB_CASCADE, related_name='+', to='consent.suppressionupload'),
        ),
        migrations.AddConstraint(
            model_name='consentpolicy',
            constraint=models.UniqueConstraint(condition=models.Q(('active', True)), fields=('active',), name='consent_one_active'),
        ),
        migrations.AddIndex(
            model_name='letter',
            index=models.Index(condition=models.Q(('sent_at', None)), fields=['id'], name='consent_letter_waiting'),
        ),
        migrations.AddIndex(
            model_name='letter',
            index=models.Index(fields=['person'], name='consent_letter_person'),
        ),
        migrations.AddIndex(
            model_name='suppression',
            index=models.Index(fields=['list', '-id'], name='consent_of_list'),
        ),
        migrations.AddConstraint(
            model_name='suppression',
            constraint=models.UniqueConstraint(fields=('kind', 'value', 'list'), name='consent_listed_once'),
        ),
        migrations.AddConstraint(
            model_name='uploadfault',
            constraint=models.UniqueConstraint(fields=('upload', 'line'), name='consent_fault_once'),
        ),
    ]
