"""What a designation gives, told a second time: never more than the structure holds and signed for, to nobody
who is not of the team, and nothing once it is over.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sceau.catalogue import load_catalogue
from sceau.registration import (
    DESIGNATION_LIFE,
    MEMBER_LIFE,
    DesignationEvent,
    DesignationState,
    MemberEvent,
    MemberState,
    OwnRight,
    Scope,
    ScopeKind,
    TeamRight,
    Terms,
    TermsEntry,
    canonical_of,
    check_technical,
    delegable,
    delegated,
    plan_team,
    read_terms,
)
from sceau.vocabulary import HostName

CATALOGUE = load_catalogue()
TODAY = date(2026, 11, 24)
NAMES = ("chu.fr", "api.chu.fr", "www.chu.fr", "a.api.chu.fr", "autre.fr")
PRODUCTS = ("SERV_SSL", "ORG_AUTH_CLI", "ORG_SIGN")

names = st.sampled_from(NAMES).map(HostName)
scopes = st.one_of(
    st.none(),
    st.builds(Scope, st.sampled_from([ScopeKind.DOMAIN, ScopeKind.SERVER, ScopeKind.SUBDOMAIN]), names),
    st.builds(Scope, st.just(ScopeKind.MAIL), names, st.booleans()),
)
terms = st.builds(
    Terms,
    products=st.lists(st.sampled_from(PRODUCTS), min_size=1, unique=True).map(tuple),
    names=st.lists(names, max_size=2, unique=True).map(tuple),
    may_fill=st.booleans(),
    may_administer=st.booleans(),
    until=st.just(date(2027, 1, 1)),
)


@given(terms, st.sampled_from(PRODUCTS), scopes)
def test_what_is_delegated_lies_within_the_right_and_within_the_names(
    said: Terms, product: str, scope: Scope | None
) -> None:
    for given_scope in delegated(said, product, scope):
        assert said.may_administer
        assert product in said.products
        if scope is None or given_scope is None:
            assert scope is given_scope is None
            continue
        assert scope.contains(given_scope)
        assert not said.names or any(given_scope.name.lies_under(one) for one in said.names)
        assert given_scope in delegated(said, product, given_scope)  # given once, it stays given


def test_terms_need_a_product_a_power_and_a_last_day() -> None:
    good = TermsEntry(("SERV_SSL",), ("CHU.fr", "@chu.fr"), may_fill=True, until=TODAY)
    read = read_terms(good, catalogue=CATALOGUE, day=TODAY).require()
    assert (read.products, read.names) == (("SERV_SSL",), (HostName("chu.fr"),))
    everything = read_terms(TermsEntry(("X",), ("a b",) * 51), catalogue=CATALOGUE, day=TODAY).findings
    assert {one.code for one in everything} >= {
        "designation.product",
        "designation.nothing",
        "designation.names",
        "designation.until",
        "host.space",
    }
    assert "PS_AUTH" not in delegable(CATALOGUE)
    assert "SERV_SSL" in delegable(CATALOGUE)


def test_section_four_is_all_that_a_third_party_writes() -> None:
    said = Terms(("SERV_SSL",), (HostName("chu.fr"),), may_fill=True, may_administer=False, until=TODAY)
    inside: dict[str, Any] = {
        "usage": {},
        "administrators": [],
        "offers": [{"offer": "serv-ssl", "products": [], "declared": "www.chu.fr"}],
    }
    assert check_technical(inside, said) == ()
    outside = inside | {
        "visa": {},
        "offers": [{"products": ["ORG_SIGN"], "declared": "autre.fr"}, "pas une ligne"],
    }
    codes = {one.code for one in check_technical(outside, said)}
    assert codes == {"technical.not-yours", "technical.product", "technical.name"}


class Designations(RuleBasedStateMachine):
    """One structure, one third party, whatever anybody does in whatever order."""

    def __init__(self) -> None:
        super().__init__()
        self.state = DesignationState.PREPARED
        self.version = 0
        self.terms: dict[int, Terms] = {}
        self.members: dict[int, MemberState] = {}
        self.yes: dict[int, set[str]] = {}
        self.own: dict[tuple[str, str], OwnRight] = {}
        self.texts = 0
        self.held: dict[str, TeamRight] = {}
        self.drawn = 0

    def settle(self, *, over: bool = False) -> None:
        """As the verbs do after each act."""
        active = self.state is DesignationState.ACTIVE and not over
        plan = plan_team(
            self.terms.get(self.version) if active else None,
            self.version,
            members={who for who, state in self.members.items() if state is MemberState.ACTIVE},
            own=self.own.values(),
            held=self.held.values(),
        )
        orders = {right.text: right.order for right in self.own.values()}
        for reference in plan.withdraw:
            del self.held[reference]
        for reference, text in plan.renew:
            right = self.held[reference]
            order = right.order if text is None else orders[text]
            self.held[reference] = TeamRight(
                reference, right.person, right.product, right.scope, self.version, order
            )
        for new in plan.give:
            self.drawn += 1
            reference = f"H{self.drawn}"
            self.held[reference] = TeamRight(
                reference, new.person, new.product, new.scope, self.version, orders[new.text]
            )

    def step(self, event: DesignationEvent) -> bool:
        following = DESIGNATION_LIFE.after(self.state, event, subject="d").value
        if following is None:
            return False
        self.state = following
        return True

    @rule(said=terms)
    def sign(self, said: Terms) -> None:
        event = DesignationEvent.SIGN if self.version == 0 else DesignationEvent.AMEND
        if self.step(event):
            self.version += 1
            self.terms[self.version] = said
            self.settle()

    @rule(event=st.sampled_from([DesignationEvent.ACCEPT, DesignationEvent.DECLINE]))
    def answer(self, event: DesignationEvent) -> None:
        if self.step(event):
            self.settle()

    @rule()
    def end(self) -> None:
        if self.state is DesignationState.ACTIVE:
            self.settle(over=True)
        self.step(DesignationEvent.END)

    @rule(who=st.integers(0, 3), officer=st.sampled_from("ab"))
    def check(self, who: int, officer: str) -> None:
        present = self.members.get(who)
        if present in (None, MemberState.REMOVED):
            self.members[who], self.yes[who] = MemberState.PROPOSED, set()
            return
        if officer in self.yes[who]:
            return
        event = MemberEvent.ADMIT if self.yes[who] else MemberEvent.CHECK
        following = MEMBER_LIFE.after(self.members[who], event, subject="m").value
        if following is not None:
            self.yes[who].add(officer)
            self.members[who] = following
            self.settle()

    @rule(who=st.integers(0, 3))
    def remove(self, who: int) -> None:
        if self.members.get(who) in (MemberState.PROPOSED, MemberState.ACTIVE):
            self.members[who] = MemberState.REMOVED
            self.settle()

    @rule(product=st.sampled_from(PRODUCTS), scope=scopes)
    def grant(self, product: str, scope: Scope | None) -> None:
        self.texts += 1
        key = product, canonical_of(scope)
        self.own[key] = OwnRight(product, scope, self.texts, (self.texts, 1))
        self.settle()

    @invariant()
    def no_right_is_left_that_no_version_in_force_gives(self) -> None:
        for right in self.held.values():
            assert self.state is DesignationState.ACTIVE
            assert right.version == self.version
            assert self.members[right.person] is MemberState.ACTIVE
            assert len(self.yes[right.person]) == 2
            assert right.scope in delegated(self.terms[self.version], right.product, right.scope)
            assert any(
                own.product == right.product
                and right.scope in delegated(self.terms[self.version], own.product, own.scope)
                for own in self.own.values()
            ) or any(
                own.product == right.product
                and own.scope is not None
                and right.scope is not None
                and own.scope.contains(right.scope)
                for own in self.own.values()
            )

    @invariant()
    def nobody_holds_the_same_right_twice(self) -> None:
        keys = [right.key for right in self.held.values()]
        assert len(keys) == len(set(keys))

    @invariant()
    def the_team_holds_all_that_it_is_given(self) -> None:
        if self.state is not DesignationState.ACTIVE:
            return
        keys = {right.key for right in self.held.values()}
        said = self.terms[self.version]
        for own in self.own.values():
            for scope in delegated(said, own.product, own.scope):
                for who, state in self.members.items():
                    if state is MemberState.ACTIVE:
                        assert (who, own.product, canonical_of(scope)) in keys


TestDesignations = Designations.TestCase
TestDesignations.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
