"""Every page: its address, its view, the hats it is for and the methods it answers. What is not here is
refused.
"""

from __future__ import annotations

from django.conf import settings
from django.urls import path

from sceau.portal import language
from sceau.portal.hats import (
    ACT,
    ANYBODY,
    AUTHORITIES,
    BOTH,
    CARD_HOLDERS,
    DESK,
    DESK_READERS,
    ENDER_READERS,
    ENDERS,
    KNOWN,
    OFFICERS,
    PROFESSIONALS,
    READ,
    Page,
)
from sceau.portal.pages.certificates import fleet, renewing_many
from sceau.portal.pages.certificates import views as certificates
from sceau.portal.pages.changes import amendments, days, departures, rights, structures
from sceau.portal.pages.contracts import acts as contract_acts
from sceau.portal.pages.contracts import views as contracts
from sceau.portal.pages.delegations import clients, designations
from sceau.portal.pages.delegations import desk as desk_delegations
from sceau.portal.pages.desk import acts as desk_acts
from sceau.portal.pages.desk import arrivals
from sceau.portal.pages.desk import people as desk_people
from sceau.portal.pages.desk import search as desk_search
from sceau.portal.pages.desk import sharing as desk_sharing
from sceau.portal.pages.desk import views as desk
from sceau.portal.pages.desk_revocation import certificates as desk_certificates
from sceau.portal.pages.desk_revocation import keys as desk_keys
from sceau.portal.pages.desk_revocation import runs as desk_runs
from sceau.portal.pages.drafts import names, sharing, starting
from sceau.portal.pages.drafts import views as drafts
from sceau.portal.pages.entrance import passkeys, psc, roles, sessions
from sceau.portal.pages.entrance import views as entrance
from sceau.portal.pages.evidence import views as evidence
from sceau.portal.pages.finding import views as finding
from sceau.portal.pages.habilitations import views as habilitations
from sceau.portal.pages.leaves import views as leaves
from sceau.portal.pages.mails import calls as mail_calls
from sceau.portal.pages.mails import views as mail_pages
from sceau.portal.pages.needs import views as needs
from sceau.portal.pages.officers import views as officers
from sceau.portal.pages.orders import paper
from sceau.portal.pages.orders import views as orders
from sceau.portal.pages.own_contract import views as own_contract
from sceau.portal.pages.pieces import views as pieces
from sceau.portal.pages.reading import views as reading
from sceau.portal.pages.registers import tasks as desk_tasks
from sceau.portal.pages.registers import views as registers
from sceau.portal.pages.requests import own_set, pairs
from sceau.portal.pages.requests import views as requests
from sceau.portal.pages.revocation import key_signature
from sceau.portal.pages.revocation import views as revocation
from sceau.portal.pages.tokens import views as tokens
from sceau.portal.pages.watch import views as watch

EVIDENCE_READERS = CARD_HOLDERS | ENDER_READERS

PAGES: tuple[Page, ...] = (
    Page("", entrance.home, "home", ANYBODY),
    Page("porte/", entrance.door, "door", ANYBODY, BOTH),
    Page("diagnostic/", entrance.diagnosis, "diagnosis", ANYBODY),
    Page("sortie/", entrance.leave, "leave", ANYBODY, ACT),
    Page("pro-sante-connect/", psc.begin, "psc", ANYBODY, ACT),
    Page("pro-sante-connect/retour/", psc.come_back, "psc-return", ANYBODY),
    Page("connexions/", sessions.sessions, "sessions", KNOWN),
    Page("connexions/terminer/", sessions.end_others, "end-sessions", KNOWN, ACT),
    Page("connexions/<str:reference>/terminer/", sessions.end, "end-session", KNOWN, ACT),
    Page("role/", roles.put_on, "wear-hat", KNOWN, ACT),
    Page("cle-acces/", passkeys.enter, "passkey", ANYBODY, BOTH),
    Page("cle-acces/inscription/<str:link>/", passkeys.register, "passkey-register", ANYBODY, BOTH),
    Page("mes-cles/", passkeys.own, "own-passkeys", OFFICERS),
    Page("mes-cles/<str:reference>/revoquer/", passkeys.end_own, "own-passkey-end", OFFICERS, ACT),
    Page("agents/", officers.board, "officers", OFFICERS),
    Page("agents/personnes/", officers.person, "officer-person", ENDERS, ACT),
    Page("agents/roles/", officers.propose, "role-propose", AUTHORITIES, ACT),
    Page("agents/roles/<str:reference>/confirmer/", officers.confirm, "role-confirm", ENDERS, ACT),
    Page("agents/roles/<str:reference>/abandonner/", officers.drop, "role-drop", ENDERS, ACT),
    Page("agents/invitations/", officers.invite, "passkey-invite", ENDERS, ACT),
    Page(
        "agents/invitations/<str:reference>/confirmer/", officers.confirm_key, "passkey-confirm", ENDERS, ACT
    ),
    Page("agents/invitations/<str:reference>/fermer/", officers.drop_key, "passkey-drop", ENDERS, ACT),
    Page("agents/cles/<str:reference>/revoquer/", officers.end_key, "passkey-end", ENDERS, ACT),
    Page("etat/", watch.state, "watch", OFFICERS),
    Page("comment-ca-marche/", reading.how, "how", ANYBODY),
    Page("glossaire/", reading.glossary, "glossary", ANYBODY),
    Page("langue/<str:code>/", language.choose, "language", ANYBODY, READ),
    Page("accessibilite/", reading.accessibility, "accessibility", ANYBODY),
    Page("besoin/", needs.needs, "needs", ANYBODY),
    Page("besoin/questions/", needs.questions, "needs-questions", ANYBODY),
    Page("besoin/reponse/", needs.answer, "needs-answer", ANYBODY),
    Page("revoquer/", revocation.by_code, "revoke-by-code", ANYBODY, BOTH),
    Page("revoquer/cle/", revocation.by_key, "revoke-by-key", ANYBODY, BOTH),
    Page("revoquer/cle/signature/", key_signature.by_signature, "revoke-by-signature", ANYBODY, BOTH),
    Page("trouver/", finding.find, "find", ANYBODY, BOTH),
    Page("trouver/<str:issuer>/<str:serial>/<str:form>/", finding.download, "find-file", ANYBODY),
    Page("verifier/", finding.check, "check", ANYBODY, BOTH),
    Page("commandes/", orders.orders, "orders", CARD_HOLDERS),
    Page("commandes/nouvelle/", starting.new_order, "new-order", CARD_HOLDERS, BOTH),
    Page("commandes/<str:reference>/", orders.order, "order", CARD_HOLDERS),
    Page("commandes/<str:reference>/corriger/", starting.correct, "amend-order", CARD_HOLDERS, ACT),
    Page("commandes/<str:reference>/confier/", starting.entrust, "entrust-order", CARD_HOLDERS, ACT),
    Page("commandes/<str:reference>/formulaire/", orders.form_pdf, "order-form", CARD_HOLDERS),
    Page("commandes/<str:reference>/signer/", orders.sign, "sign-order", CARD_HOLDERS, ACT),
    Page("commandes/<str:reference>/repondre/", orders.answer, "answer-order", CARD_HOLDERS, ACT),
    Page("commandes/<str:reference>/abandonner/", orders.abandon, "abandon-order", CARD_HOLDERS, ACT),
    Page("brouillons/<str:reference>/", drafts.draft, "draft", CARD_HOLDERS),
    Page("brouillons/<str:reference>/apercu/", drafts.preview, "draft-preview", CARD_HOLDERS),
    Page("brouillons/<str:reference>/envoyer/", drafts.send, "send-draft", CARD_HOLDERS, ACT),
    Page("brouillons/<str:reference>/confier/", sharing.entrust, "entrust-draft", CARD_HOLDERS, BOTH),
    Page("brouillons/<str:reference>/reprendre/", sharing.take_back, "take-draft-back", CARD_HOLDERS, ACT),
    Page("brouillons/<str:reference>/rendre/", sharing.give_back, "give-draft-back", CARD_HOLDERS, ACT),
    Page("brouillons/<str:reference>/supprimer/", sharing.delete, "delete-draft", CARD_HOLDERS, BOTH),
    Page("brouillons/<str:reference>/verdict/", names.verdict, "draft-verdict", CARD_HOLDERS, ACT),
    Page("brouillons/<str:reference>/etape/<str:code>/", drafts.step, "draft-step", CARD_HOLDERS, BOTH),
    Page("habilitations/", habilitations.habilitations, "habilitations", CARD_HOLDERS),
    Page("habilitations/<str:reference>/", habilitations.habilitation, "habilitation", CARD_HOLDERS),
    Page("habilitations/<str:reference>/acte/<str:event>/", rights.act, "right-act", EVIDENCE_READERS, BOTH),
    Page("habilitations/<str:reference>/jetons/", tokens.tokens, "tokens", CARD_HOLDERS, BOTH),
    Page("jetons/<str:reference>/revoquer/", tokens.revoke, "revoke-token", CARD_HOLDERS, BOTH),
    Page("demander/", requests.request_choice, "request-choice", CARD_HOLDERS),
    Page("demander/ps/<str:code>/", requests.request_own, "request-own", PROFESSIONALS, BOTH),
    Page("demander/ps/<str:code>/verdict/", requests.verdict_own, "verdict-own", PROFESSIONALS, ACT),
    Page("demander/mes-certificats/", own_set.request_set, "own-set", PROFESSIONALS, BOTH),
    Page("demander/mes-certificats/obtenus/", own_set.own_set_done, "own-set-done", PROFESSIONALS),
    Page("demander/paire/<str:reference>/", pairs.request_pair, "request-pair", CARD_HOLDERS, BOTH),
    Page("demander/paire/<str:reference>/verdict/", pairs.verdict_pair, "verdict-pair", CARD_HOLDERS, ACT),
    Page("demander/<str:reference>/", requests.request_certificate, "request", CARD_HOLDERS, BOTH),
    Page("demander/<str:reference>/verdict/", requests.verdict, "verdict", CARD_HOLDERS, ACT),
    Page("certificats/", fleet.certificates, "certificates", CARD_HOLDERS),
    Page("certificats/echeances/", fleet.ends, "ends", CARD_HOLDERS),
    Page("certificats/renouveler/", renewing_many.renew_many, "renew-many", CARD_HOLDERS, BOTH),
    Page("certificats/renouveler/fichiers/", renewing_many.files, "renewed-files", CARD_HOLDERS, ACT),
    Page("certificats/export.csv", fleet.export, "certificates-table", CARD_HOLDERS),
    Page("certificats/<str:reference>/", certificates.certificate, "certificate", CARD_HOLDERS),
    Page("certificats/<str:reference>/retirer/", certificates.collect, "collect", CARD_HOLDERS, BOTH),
    Page("certificats/<str:reference>/revoquer/", revocation.revoke, "revoke", CARD_HOLDERS, BOTH),
    Page("certificats/<str:reference>/fichier/<str:form>/", certificates.download, "download", CARD_HOLDERS),
    Page("dossiers/<str:reference>/", evidence.evidence, "evidence", EVIDENCE_READERS, ACT),
    Page("courriels/rebonds/", mail_calls.bounce, "mail-bounce", ANYBODY, ACT),
    Page("calendrier/<str:secret>.ics", mail_calls.feed, "calendar-feed", ANYBODY),
    Page("echeances/<path:structure>/", mail_calls.calendar, "calendar", EVIDENCE_READERS, BOTH),
    Page("departs/", departures.departures, "departures", EVIDENCE_READERS),
    Page("departs/nouveau/", departures.new_departure, "new-departure", EVIDENCE_READERS, BOTH),
    Page("departs/<str:reference>/", departures.departure, "departure", EVIDENCE_READERS, BOTH),
    Page("changements/", structures.changes, "structure-changes", EVIDENCE_READERS),
    Page("changements/nouveau/", structures.new_change, "new-structure-change", EVIDENCE_READERS, BOTH),
    Page("changements/<str:reference>/", structures.change, "structure-change", EVIDENCE_READERS, BOTH),
    Page("changements/<str:reference>/dates/", days.days, "structure-change-days", DESK, BOTH),
    Page("commandes/<str:reference>/modifier/", amendments.modify, "modify-order", CARD_HOLDERS, BOTH),
    Page("guichet/<str:reference>/effets/", amendments.effects, "desk-effects", DESK, BOTH),
    Page("mon-contrat/", own_contract.own_contracts, "own-contracts", CARD_HOLDERS),
    Page("mon-contrat/<path:number>/", own_contract.own_contract, "own-contract", CARD_HOLDERS, BOTH),
    Page("delegations/", designations.delegations, "delegations", CARD_HOLDERS),
    Page("delegations/nouvelle/", designations.new_designation, "new-designation", CARD_HOLDERS, BOTH),
    Page("delegations/<str:reference>/", designations.designation, "designation", EVIDENCE_READERS, BOTH),
    Page(
        "delegations/<str:reference>/modifier/", designations.amend, "amend-designation", CARD_HOLDERS, BOTH
    ),
    Page("delegations/<str:reference>/fin/", designations.end, "end-designation", EVIDENCE_READERS, BOTH),
    Page("clients/", clients.clients, "clients", CARD_HOLDERS),
    Page("equipe/<str:reference>/", clients.team, "team", CARD_HOLDERS, BOTH),
    Page("guichet/", desk.desk, "desk", DESK_READERS),
    Page("guichet/tiers/", desk_delegations.third_parties, "desk-third-parties", DESK_READERS),
    Page("guichet/tiers/enregistrer/", desk_delegations.register, "desk-third-party-new", DESK, ACT),
    Page("guichet/tiers/papier/", desk_delegations.paper, "desk-designation-paper", DESK, BOTH),
    Page("guichet/tiers/<str:reference>/", desk_delegations.third_party, "desk-third-party", DESK_READERS),
    Page(
        "guichet/tiers/<str:reference>/attester/",
        desk_delegations.attest,
        "desk-designation-attest",
        DESK,
        ACT,
    ),
    Page("guichet/tiers/<str:reference>/personne/", desk_delegations.member, "desk-member", DESK, ACT),
    Page("guichet/contrats/", contracts.contracts, "desk-contracts", DESK_READERS),
    Page(
        "guichet/contrats/<path:number>/acte/<str:event>/", contract_acts.act, "desk-contract-act", DESK, BOTH
    ),
    Page(
        "guichet/contrats/<path:number>/decision/<str:reference>/",
        contract_acts.decide,
        "desk-contract-decision",
        DESK,
        BOTH,
    ),
    Page("guichet/contrats/<path:number>/personnes/", contracts.party, "desk-party", DESK, ACT),
    Page("guichet/contrats/<path:number>/pieces/", contracts.piece, "desk-contract-piece", DESK, ACT),
    Page("guichet/contrats/<path:number>/", contracts.contract, "desk-contract", DESK_READERS),
    Page("guichet/pieces/<str:reference>/", pieces.piece, "desk-piece", DESK_READERS),
    Page("guichet/pieces/<str:reference>/lire/", pieces.read, "desk-piece-read", DESK, ACT),
    Page("guichet/pieces/<str:reference>/fichier/", pieces.download, "desk-piece-file", DESK_READERS, BOTH),
    Page("guichet/accords/nouveau/", leaves.new_leave, "desk-new-leave", DESK, BOTH),
    Page("guichet/accords/<str:reference>/", leaves.leave, "desk-leave", DESK_READERS),
    Page("guichet/accords/<str:reference>/acte/", leaves.act, "desk-leave-act", DESK, ACT),
    Page("guichet/accords/<str:reference>/fin/", leaves.end, "desk-leave-end", DESK, BOTH),
    Page("guichet/registres/", registers.registers, "desk-registers", DESK_READERS),
    Page("guichet/registres/<str:reference>/", registers.one_import, "desk-register", DESK_READERS),
    Page(
        "guichet/registres/<str:reference>/rejets/", registers.rejects, "desk-register-rejects", DESK_READERS
    ),
    Page("guichet/taches/", desk_tasks.tasks, "desk-tasks", DESK_READERS),
    Page("guichet/taches/<str:reference>/faite/", desk_tasks.finish, "desk-task-done", DESK, ACT),
    Page(
        "guichet/habilitations/<str:reference>/",
        habilitations.desk_habilitation,
        "desk-habilitation",
        ENDER_READERS,
    ),
    Page("guichet/recherche/", desk_search.find, "desk-search", DESK_READERS),
    Page("guichet/delais/", desk_search.figures, "desk-figures", DESK_READERS),
    Page("guichet/courrier/", paper.paper, "desk-paper", DESK, BOTH),
    Page("guichet/formulaires/", arrivals.arrivals, "desk-forms", DESK, BOTH),
    Page("guichet/courriels/", mail_pages.mails, "desk-mails", DESK_READERS),
    Page("guichet/courriels/contacts/", mail_pages.contacts, "desk-contacts", DESK, ACT),
    Page("guichet/courriels/<int:number>/", mail_pages.mail, "desk-mail", DESK_READERS),
    Page("guichet/courriels/<int:number>/renvoyer/", mail_pages.resend, "desk-mail-resend", DESK, ACT),
    Page("guichet/courriels/<int:number>/lettre/", mail_pages.letter, "desk-mail-letter", DESK, ACT),
    Page("guichet/personnes/", desk_people.people, "desk-people", DESK, BOTH),
    Page("revocations/certificats/", desk_certificates.certificates, "desk-certificates", ENDER_READERS),
    Page(
        "revocations/certificats/<str:reference>/", desk_certificates.file, "desk-certificate", ENDER_READERS
    ),
    Page(
        "revocations/certificats/<str:reference>/revoquer/",
        desk_certificates.revoke,
        "desk-revoke",
        ENDERS,
        BOTH,
    ),
    Page("revocations/cles/", desk_keys.keys, "desk-keys", ENDERS, BOTH),
    Page("revocations/", desk_runs.runs, "desk-revocations", ENDER_READERS),
    Page("revocations/nouvelle/", desk_runs.new, "desk-new-run", ENDERS, BOTH),
    Page("revocations/<str:reference>/", desk_runs.run, "desk-run", ENDER_READERS),
    Page("revocations/<str:reference>/rapport/", desk_runs.report, "desk-run-report", ENDER_READERS),
    Page("revocations/<str:reference>/approuver/", desk_runs.approve, "desk-run-yes", ENDERS, ACT),
    Page("revocations/<str:reference>/arreter/", desk_runs.pause, "desk-run-pause", ENDERS, ACT),
    Page("revocations/<str:reference>/reprendre/", desk_runs.resume, "desk-run-resume", ENDERS, ACT),
    Page("revocations/<str:reference>/abandonner/", desk_runs.drop, "desk-run-drop", ENDERS, ACT),
    Page("guichet/<str:reference>/", desk.desk_order, "desk-order", DESK_READERS),
    Page("guichet/<str:reference>/formulaire/", paper.form_pdf, "desk-order-form", DESK_READERS),
    Page("guichet/<str:reference>/pieces/", pieces.attach, "desk-order-piece", DESK, ACT),
    Page("guichet/<str:reference>/visa/", pieces.visa, "desk-order-visa", DESK, ACT),
    Page("guichet/<str:reference>/prendre/", desk_acts.take, "desk-take", DESK, ACT),
    Page("guichet/<str:reference>/confier/", desk_sharing.assign, "desk-assign", DESK, ACT),
    Page("guichet/<str:reference>/attendre/", desk_sharing.hold, "desk-hold", DESK, ACT),
    Page("guichet/<str:reference>/reprendre/", desk_sharing.unhold, "desk-unhold", DESK, ACT),
    Page("guichet/<str:reference>/dire/", desk_sharing.comment, "desk-comment", DESK, ACT),
    Page("guichet/<str:reference>/preciser/", desk_acts.settle, "desk-settle", DESK, ACT),
    Page("guichet/<str:reference>/completer/", desk_acts.edit, "desk-edit", DESK, BOTH),
    Page("guichet/<str:reference>/questionner/", desk_acts.ask, "desk-ask", DESK, ACT),
    Page("guichet/<str:reference>/noter/", desk_acts.note, "desk-note", DESK, ACT),
    Page("guichet/<str:reference>/approuver/", desk_acts.approve, "desk-approve", DESK, ACT),
    Page("guichet/<str:reference>/refuser/", desk_acts.refuse, "desk-refuse", DESK, ACT),
    Page("guichet/<str:reference>/classer/", desk_acts.close, "desk-close", DESK, ACT),
)
DRAWER_PAGES: tuple[Page, ...] = (
    Page("cartes-de-test/inserer/", entrance.insert, "insert", ANYBODY, ACT),
    Page("courriels-de-test/", entrance.test_mails, "test-mails", ANYBODY),
)


def pages() -> tuple[Page, ...]:
    """The pages of this instance: the drawer's exist in a development instance only."""
    return PAGES + (DRAWER_PAGES if settings.SCEAU_TEST_CARDS else ())


def page_named(name: str) -> Page | None:
    """The page of that name, None when there is none."""
    return next((page for page in pages() if page.name == name), None)


# The drawer's addresses resolve everywhere, and are refused as unknown where `pages` does not have them.
urlpatterns = [path(page.route, page.view, name=page.name) for page in PAGES + DRAWER_PAGES]
