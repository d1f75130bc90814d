"""What an order made on line needs before it is taken: a contract in force, a signatory who may sign for it
[N413 2, Prérequis et Modalité; decision 15].

On paper the same is a red check, for the desk to complete. Who does not speak for the contract learns only
that it will not do: neither that it exists, nor whom it names [ASSURANCE T39].
"""

from __future__ import annotations

from sceau.operations.acts import Act
from sceau.operations.order_facts import contract_facts, known_cards
from sceau.operations.standing import contract_qualities
from sceau.records.models import Contract
from sceau.registration import Form413, check_contract, check_signatory
from sceau.vocabulary import Finding, Refused, errors


def require_contract(act: Act, form: Form413) -> None:
    """Raise `Refused` unless the form's contract is in force now and its signatory may sign for it."""
    contract = contract_facts(form.contract_number, act.at) if form.contract_number else None
    cards = known_cards([form.signatory.person.card_number.text], act.at)
    findings = [
        *check_contract(form, contract),
        *(check_signatory(form, contract, cards, act.machine.catalogue) if contract else ()),
    ]
    if not errors(findings):
        return
    row = Contract.objects.filter(number=form.contract_number).first()
    if row is not None and contract_qualities(act.actor.person_id, row.pk):
        raise Refused(errors(findings))
    raise Refused([Finding.error("order.under-no-contract", "contract.number")])
