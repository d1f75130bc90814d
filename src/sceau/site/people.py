"""The made-up people of a development instance: who they are, what card they hold, what they may do.

Identifiers are test identifiers that pass the checks of the test mode; no real structure has them.
"""

from __future__ import annotations

from dataclasses import dataclass

from sceau.custody import CardOrder, Employer
from sceau.operations import StructureEntry

_EMPLOYEE = "Personnel santé ou social"

HOSPITAL = StructureEntry(
    name="CENTRE HOSPITALIER DES TROIS VALLEES",
    postcode="69003",
    commune="LYON",
    siret="99900100100018",
    finess="0B0010104",
)
HOSPITAL_CONTRACT = "C-2026-0001"
PRACTICE = StructureEntry(
    name="CABINET DU DOCTEUR LEFEVRE", postcode="35000", commune="RENNES", siret="99900300700013"
)
PRACTICE_CONTRACT = "C-2026-0002"
EDITOR = StructureEntry(
    name="LOGICIELS SANTE DE L'OUEST", postcode="35000", commune="RENNES", siret="99900200900010"
)
EDITOR_CONTRACT = "C-2026-0003"

_HOSPITAL = Employer("Rhône (69)", HOSPITAL.name, "10B0010104")
_AUTHORITY = Employer("Paris (75)", "AUTORITE DE DEVELOPPEMENT", "300000101600013")
_EDITOR = Employer("Ille-et-Vilaine (35)", "LOGICIELS SANTE DE L'OUEST", "399900200900010")


@dataclass(frozen=True, slots=True)
class TestPerson:
    """One person of the drawer. `quality` is a desk role given at creation; `contract` and `party` what a
    contract says of them; `known` whether the register knows the card (a card it does not know can still
    come to the door)."""

    slug: str
    role: str
    card: CardOrder
    quality: str = ""
    contract: str = ""
    party: str = ""
    email: str = ""
    phone: str = ""
    known: bool = True

    @property
    def display(self) -> str:
        """The name in the drawer."""
        return f"{self.card.given_names} {self.card.surname}".strip() or self.card.title


def _employee(card_type: str, number: str, national_id: str, *, name: str, employer: Employer) -> CardOrder:
    given_names, surname = name.split(" ", 1)
    return CardOrder(
        type=card_type,
        number=number,
        national_id=national_id,
        title=_EMPLOYEE,
        surname=surname,
        given_names=given_names,
        employer=employer,
    )


PEOPLE: tuple[TestPerson, ...] = (
    TestPerson(
        "marchand",
        "Représentante légale du centre hospitalier : elle commande",
        _employee("CDE", "2600900101", "30B0010104/DIR0001", name="Hélène MARCHAND", employer=_HOSPITAL),
        contract=HOSPITAL_CONTRACT,
        party="representative",
        email="direction@ch-trois-vallees.example",
        phone="0478000101",
    ),
    TestPerson(
        "leroux",
        "Agent du guichet : première approbation",
        _employee("CPA", "2600900202", "500000101600013/G0001", name="Sophie LEROUX", employer=_AUTHORITY),
        quality="desk",
    ),
    TestPerson(
        "moreau",
        "Agent du guichet : seconde approbation",
        _employee("CPA", "2600900203", "500000101600013/G0002", name="Julien MOREAU", employer=_AUTHORITY),
        quality="desk",
    ),
    TestPerson(
        "benali",
        "Administrateur technique du centre hospitalier : il demande les certificats",
        _employee(
            "CPE_NOMINATIVE", "2600900104", "30B0010104/INF0014", name="Karim BENALI", employer=_HOSPITAL
        ),
        email="systemes@ch-trois-vallees.example",
        phone="0478000104",
    ),
    TestPerson(
        "lefevre",
        "Médecin titulaire d’un cabinet : ses certificats PS, ou une commande pour le cabinet",
        CardOrder(
            type="CPS",
            number="2500900105",
            national_id="899700101019",
            title="Médecin",
            surname="LEFEVRE",
            given_names="Claire",
            profession_code=10,
            specialities=("SM26",),
        ),
        contract=PRACTICE_CONTRACT,
        party="representative",
        email="cabinet@docteur-lefevre.example",
        phone="0299000105",
    ),
    TestPerson(
        "renaud",
        "Dirigeante de l’éditeur : elle accepte les désignations et bâtit l’équipe",
        _employee("CDA", "2600900307", "599900200900010/D0001", name="Claire RENAUD", employer=_EDITOR),
        contract=EDITOR_CONTRACT,
        party="representative",
        email="direction@logiciels-sante-ouest.example",
        phone="0299000307",
    ),
    TestPerson(
        "petit",
        "Technicien de l’éditeur du logiciel : administrateur technique pour ses clients",
        _employee("CPA", "2600900306", "599900200900010/T0042", name="Thomas PETIT", employer=_EDITOR),
        email="certificats@logiciels-sante-ouest.example",
        phone="0299000306",
    ),
    TestPerson(
        "garnier",
        "Auditeur : il lit tout au guichet et ne change rien",
        _employee("CPA", "2600900207", "500000101600013/A0001", name="Paul GARNIER", employer=_AUTHORITY),
        quality="auditor",
    ),
    TestPerson(
        "dubois",
        "Autorité : elle propose les rôles des agents, un autre agent confirme",
        _employee("CPA", "2600900209", "500000101600013/R0001", name="Anne DUBOIS", employer=_AUTHORITY),
        quality="authority",  # the last one: from then on, roles take two people
    ),
    TestPerson(
        "service",
        "Carte de service : elle n’est pas admise, et la page dit pourquoi",
        CardOrder(
            type="CPE_SERVICE",
            number="2600900108",
            national_id="30B0010104/000000018",
            title="Carte de service santé ou social",
            employer=_HOSPITAL,
            pseudonym="EMPLOYE000000018",
        ),
        known=False,
    ),
)
