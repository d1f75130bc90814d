"""`sceau check`: what has to be looked at on this instance, for an alarm. Exit codes: 0 nothing, 1 an alarm
or a warning, 2 misuse, 3 it could not be asked.
"""

from __future__ import annotations

import typer

from sceau.cli.console import DATA, AsJson, Data, open_instance, said, say, topic

app = topic("Dire ce qui demande une intervention : signataire, horloge, listes, courriels.")


@app.command()
def check(*, data: Data = DATA, as_json: AsJson = False) -> None:
    """Dire ce qui demande une intervention ; échoue s'il y a quelque chose. Pour une alarme."""
    open_instance(data)
    from sceau.site.health import alarms_of

    found = alarms_of(data)
    lines = [f"{one['severity']}: {one['message']} {one['remedy']} [{one['code']}]" for one in said(found)]
    say(said(found), as_json=as_json, lines=lines or ["Rien à signaler."])
    if found:
        raise typer.Exit(1)
