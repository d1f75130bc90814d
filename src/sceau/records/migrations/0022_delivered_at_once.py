"""A certificate that is handed over with its issuance goes from intent to collected in one write; and no
second index beside the one that begins with a use's token.
"""

import django.db.models.deletion
from django.db import migrations, models

from sceau.records.triggers import install_on


class Migration(migrations.Migration):
    dependencies = [("records", "0021_rights_that_move")]

    operations = [
        migrations.AlterField(
            model_name="apitokenuse",
            name="token",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="uses",
                to="records.apitoken",
            ),
        ),
        migrations.RunPython(
            install_on("records_certificate", "records_apitokenuse"), migrations.RunPython.noop
        ),
    ]
