"""The triggers: what the database refuses by itself."""

from django.db import migrations

from sceau.records.triggers import install


class Migration(migrations.Migration):
    dependencies = [("records", "0001_initial")]
    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
