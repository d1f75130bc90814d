"""An approval is given with a card in hand: the database refuses one without."""

from django.db import migrations

from sceau.records.triggers import install_on


class Migration(migrations.Migration):
    dependencies = [("records", "0003_tokens")]
    operations = [migrations.RunPython(install_on("records_approval"), migrations.RunPython.noop)]
