"""The certification policy at the address that stands in every certificate [RFC 3647, RFC 5280 §4.2.1.4].

Words and figures come from the catalogue: what is promised is read from the tables that the authority works
by. Decides nothing.
"""

from __future__ import annotations

from html import escape
from urllib.parse import unquote, urlsplit

from sceau.catalogue import Catalogue, Environment
from sceau.publication.page import document

_YEARS = 3  # décision 12, as `vocabulary.three_years_from` has it


def policy_path(environment: Environment) -> str:
    """The path of the policy's address, as a request names it: ``/PC``."""
    return unquote(urlsplit(environment.policy_uri).path)


def render_policy(catalogue: Catalogue, environment: Environment, *, contact: str) -> str:
    """The policy as HTML."""
    calendar = catalogue.calendar
    figures = {
        "organisation": environment.organisation,
        "crl_every_hours": calendar.crl_every_hours,
        "crl_valid_hours": calendar.crl_valid_hours,
        "delta_every_hours": calendar.delta_every_hours,
        "ocsp_valid_hours": calendar.ocsp_valid_hours,
        "crl_changed_minutes": calendar.crl_changed_minutes,
        "years": _YEARS,
        "contact": contact,
    }
    parts = [f"<p>{escape(catalogue.text('policy.lead'))}</p>"]
    for number in range(1, 10):
        parts.append(f"<h2>{escape(catalogue.text(f'policy.{number}.title'))}</h2>")
        key = f"policy.{number}.text"
        if key in catalogue.texts:
            lines = catalogue.text(key).format(**figures).strip().splitlines()
            parts += [f"<p>{escape(line)}</p>" for line in lines]
        else:
            parts.append(_products(catalogue, environment))
    return document(catalogue.text("policy.title"), "".join(parts))


def _products(catalogue: Catalogue, environment: Environment) -> str:
    """Every product, what it is for, and the policy identifier its certificates carry."""
    rows = []
    for product in catalogue.products.values():
        policy = environment.single_policy_oid or catalogue.profiles[product.profile].policy_oid
        rows.append(
            f'<tr><th scope="row">{escape(product.code)}</th><td>{escape(product.description)}</td>'
            f"<td><code>{escape(policy)}</code></td></tr>"
        )
    head = "".join(f'<th scope="col">{text}</th>' for text in ("Produit", "Usage", "Politique (OID)"))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
