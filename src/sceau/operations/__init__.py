"""The verbs: the only way in which state changes. One function each, no rule inside.

Each verb opens its own transaction, reads the facts again inside it, asks a decision room, writes, and
appends one entry to the journal in the same transaction. A refusal is journaled too. Django must be started
first.
"""

from sceau.operations.amendments import (
    AmendmentEffects,
    amend_grants,
    answer_amendment,
    preview_amendment,
    start_amendment,
)
from sceau.operations.bounces import Bounce, read_call, read_notification
from sceau.operations.clock import accept_clock
from sceau.operations.collection import HandOver, check_chosen_code, collect_certificate, hand_over
from sceau.operations.contracts import (
    ContractDemand,
    StopPreview,
    act_on_contract,
    add_party,
    confirm_contract_act,
    drop_contract_act,
    end_party,
    preview_contract_act,
)
from sceau.operations.delegation.designating import (
    PaperAct,
    accept_designation,
    amend_designation,
    attest_designation,
    decline_designation,
    designate,
    key_designation,
)
from sceau.operations.delegation.ending import (
    DesignationEffects,
    DesignationEnd,
    end_designation,
    preview_designation_end,
)
from sceau.operations.delegation.parties import (
    check_member,
    propose_member,
    refuse_member,
    register_third_party,
    remove_member,
)
from sceau.operations.delegation.technical import (
    entrust_technical_part,
    fill_technical_part,
    give_back_technical_part,
    return_technical_part,
    send_technical_part,
    take_back_technical_part,
    technical_findings,
    technical_form,
)
from sceau.operations.departures import (
    LineDecision,
    decide_departure,
    departure_quality,
    drop_departure,
    finish_departure,
    open_departure,
)
from sceau.operations.desk_acts import (
    Hold,
    assign_order,
    comment_order,
    hold_order,
    release_order,
    unhold_order,
)
from sceau.operations.evidence import Evidence, export_evidence
from sceau.operations.file_readings import ExtractEntry, VisaEntry, attest_visa, read_extract
from sceau.operations.form_files import (
    FormFile,
    FormIntake,
    FormOutcome,
    judge_signature,
    receive_form_file,
)
from sceau.operations.form_mail import FormLine, receive_forms
from sceau.operations.ground import CertificateRequest
from sceau.operations.habilitations import resume_habilitation, suspend_habilitation, withdraw_habilitation
from sceau.operations.issuance import (
    Answer,
    Ask,
    issue_all,
    issue_certificate,
    issue_pair,
    prepare_to_issue,
)
from sceau.operations.journal import seal_journal
from sceau.operations.key_reports import (
    KeyLook,
    KeyReport,
    finish_key_reports,
    look_up_key,
    report_key,
    report_key_by_proof,
)
from sceau.operations.leaves import (
    LeaveEnd,
    LeaveEntry,
    challenge_domain,
    check_domain,
    complete_leave,
    preview_leave_end,
    receive_leave,
    recheck_domains,
    record_name,
    refuse_leave,
    verify_leave,
    withdraw_leave,
)
from sceau.operations.list_scopes import crl_path, partitions_of
from sceau.operations.list_watch import late_lists, restore_shelf
from sceau.operations.lists import publish_crls, publish_deltas
from sceau.operations.machine import (
    Actor,
    Cabinet,
    Machine,
    Mailer,
    Responders,
    SignerReader,
    TxtAnswer,
    TxtLookup,
    install,
    machine,
)
from sceau.operations.mail_desk import (
    add_contact,
    end_contact,
    letter_of,
    make_feed,
    read_feed,
    revoke_feed,
)
from sceau.operations.mailboxes import confirm_mailbox, send_mailbox_code
from sceau.operations.mails import (
    make_mails,
    note_bounce,
    presume_sent,
    resend_mail,
    revive_address,
    send_mails,
)
from sceau.operations.order_items import RequestPoint
from sceau.operations.order_texts import (
    amend_order,
    answer_request,
    receive_form,
    settle_scope_kind,
    sign_order,
)
from sceau.operations.orders import (
    abandon_order,
    approve_order,
    ask_for_more,
    examination_of,
    note_order,
    refuse_order,
    take_order,
)
from sceau.operations.outcomes import recover_intents
from sceau.operations.paper_forms import PaperForm, key_paper_form, twice_typed
from sceau.operations.people import (
    appoint_officer,
    dismiss_officer,
    register_card,
    register_person,
    set_card_status,
    welcome,
)
from sceau.operations.pieces import PieceEntry, add_piece, erase_pieces, open_piece, rotate_pieces
from sceau.operations.post import Delivery, Fate, Letter, MailRoom, Postman
from sceau.operations.publication import refresh_responders
from sceau.operations.readiness import check_records
from sceau.operations.reception import card_type_of, welcome_card, welcome_without_card
from sceau.operations.recheck import LintChoice, RecheckOrder, RecheckReport, recheck
from sceau.operations.register_facts import structure_facts_of
from sceau.operations.register_tasks import TaskEntry, raise_tasks
from sceau.operations.registers import Progress, RegisterOrder, import_register
from sceau.operations.reminders import remind
from sceau.operations.revocation import (
    find_certificate,
    revocation_qualities,
    revoke_by_code,
    revoke_certificate,
)
from sceau.operations.revocation_runs import approve_run, drop_run, pause_run, prepare_run, resume_run
from sceau.operations.run_requests import RunRequest
from sceau.operations.run_slices import advance_run, advance_runs
from sceau.operations.sessions import end_every_session, end_session, note_session, spend
from sceau.operations.shared_factors import FactorReport, find_shared_factors
from sceau.operations.structures import (
    ContractEntry,
    PartyEntry,
    StructureEntry,
    confirm_employee,
    end_employment,
    register_structure_contract,
)
from sceau.operations.tasks import finish_task
from sceau.operations.test_set import TestSet, TestSetOrder, keep_test_set
from sceau.operations.tokens import (
    NewToken,
    TokenLimits,
    admit_token,
    admit_tokens,
    create_token,
    revoke_token,
)
from sceau.operations.weighing import Preview, preview_certificate

__all__ = [
    "Actor",
    "AmendmentEffects",
    "Answer",
    "Ask",
    "Bounce",
    "Cabinet",
    "CertificateRequest",
    "ContractDemand",
    "ContractEntry",
    "Delivery",
    "DesignationEffects",
    "DesignationEnd",
    "Evidence",
    "ExtractEntry",
    "FactorReport",
    "Fate",
    "FormFile",
    "FormIntake",
    "FormLine",
    "FormOutcome",
    "HandOver",
    "Hold",
    "KeyLook",
    "KeyReport",
    "LeaveEnd",
    "LeaveEntry",
    "Letter",
    "LineDecision",
    "LintChoice",
    "Machine",
    "MailRoom",
    "Mailer",
    "NewToken",
    "PaperAct",
    "PaperForm",
    "PartyEntry",
    "PieceEntry",
    "Postman",
    "Preview",
    "Progress",
    "RecheckOrder",
    "RecheckReport",
    "RegisterOrder",
    "RequestPoint",
    "Responders",
    "RunRequest",
    "SignerReader",
    "StopPreview",
    "StructureEntry",
    "TaskEntry",
    "TestSet",
    "TestSetOrder",
    "TokenLimits",
    "TxtAnswer",
    "TxtLookup",
    "VisaEntry",
    "abandon_order",
    "accept_clock",
    "accept_designation",
    "act_on_contract",
    "add_contact",
    "add_party",
    "add_piece",
    "admit_token",
    "admit_tokens",
    "advance_run",
    "advance_runs",
    "amend_designation",
    "amend_grants",
    "amend_order",
    "answer_amendment",
    "answer_request",
    "appoint_officer",
    "approve_order",
    "approve_run",
    "ask_for_more",
    "assign_order",
    "attest_designation",
    "attest_visa",
    "card_type_of",
    "challenge_domain",
    "check_chosen_code",
    "check_domain",
    "check_member",
    "check_records",
    "collect_certificate",
    "comment_order",
    "complete_leave",
    "confirm_contract_act",
    "confirm_employee",
    "confirm_mailbox",
    "create_token",
    "crl_path",
    "decide_departure",
    "decline_designation",
    "departure_quality",
    "designate",
    "dismiss_officer",
    "drop_contract_act",
    "drop_departure",
    "drop_run",
    "end_contact",
    "end_designation",
    "end_employment",
    "end_every_session",
    "end_party",
    "end_session",
    "entrust_technical_part",
    "erase_pieces",
    "examination_of",
    "export_evidence",
    "fill_technical_part",
    "find_certificate",
    "find_shared_factors",
    "finish_departure",
    "finish_key_reports",
    "finish_task",
    "give_back_technical_part",
    "hand_over",
    "hold_order",
    "import_register",
    "install",
    "issue_all",
    "issue_certificate",
    "issue_pair",
    "judge_signature",
    "keep_test_set",
    "key_designation",
    "key_paper_form",
    "late_lists",
    "letter_of",
    "look_up_key",
    "machine",
    "make_feed",
    "make_mails",
    "note_bounce",
    "note_order",
    "note_session",
    "open_departure",
    "open_piece",
    "partitions_of",
    "pause_run",
    "prepare_run",
    "prepare_to_issue",
    "presume_sent",
    "preview_amendment",
    "preview_certificate",
    "preview_contract_act",
    "preview_designation_end",
    "preview_leave_end",
    "propose_member",
    "publish_crls",
    "publish_deltas",
    "raise_tasks",
    "read_call",
    "read_extract",
    "read_feed",
    "read_notification",
    "receive_form",
    "receive_form_file",
    "receive_forms",
    "receive_leave",
    "recheck",
    "recheck_domains",
    "record_name",
    "recover_intents",
    "refresh_responders",
    "refuse_leave",
    "refuse_member",
    "refuse_order",
    "register_card",
    "register_person",
    "register_structure_contract",
    "register_third_party",
    "release_order",
    "remind",
    "remove_member",
    "report_key",
    "report_key_by_proof",
    "resend_mail",
    "restore_shelf",
    "resume_habilitation",
    "resume_run",
    "return_technical_part",
    "revive_address",
    "revocation_qualities",
    "revoke_by_code",
    "revoke_certificate",
    "revoke_feed",
    "revoke_token",
    "rotate_pieces",
    "seal_journal",
    "send_mailbox_code",
    "send_mails",
    "send_technical_part",
    "set_card_status",
    "settle_scope_kind",
    "sign_order",
    "spend",
    "start_amendment",
    "structure_facts_of",
    "suspend_habilitation",
    "take_back_technical_part",
    "take_order",
    "technical_findings",
    "technical_form",
    "twice_typed",
    "unhold_order",
    "verify_leave",
    "welcome",
    "welcome_card",
    "welcome_without_card",
    "withdraw_habilitation",
    "withdraw_leave",
]
