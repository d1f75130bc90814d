"""The map from our classes to the State's design system: beside ours, wherever a class is written."""

from __future__ import annotations

import pytest

from sceau.portal.themes import dressed
from sceau.site.looks import THEMES, drawing_of, finders_of, templates_of, theme_of


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ('<p class="lead">', '<p class="lead fr-text--lead">'),
        ("<button>", '<button class="fr-btn">'),
        (
            '<a class="button quiet small" href="{% url "home" %}">',
            '<a class="button fr-btn quiet fr-btn--secondary small fr-btn--sm" href="{% url "home" %}">',
        ),
        ('<div class="note warn">', '<div class="note fr-alert warn fr-alert--warning">'),
        ('<span class="tag bad">', '<span class="tag fr-badge fr-badge--no-icon bad fr-badge--error">'),
        ('<input type="text" id="a">', '<input class="fr-input" type="text" id="a">'),
        ('<input type="hidden" name="a">', '<input type="hidden" name="a">'),
        ('<select name="a">', '<select class="fr-select" name="a">'),
        ('<label for="a">', '<label class="fr-label" for="a">'),
        (
            '<div class="pick"><input type="radio" id="a">',
            '<div class="pick fr-radio-group"><input type="radio" id="a">',
        ),
        (
            '<div class="pick"><input type="{% if r %}radio{% else %}checkbox{% endif %}">',
            '<div class="pick fr-{% if r %}radio{% else %}checkbox{% endif %}-group">'
            '<input type="{% if r %}radio{% else %}checkbox{% endif %}">',
        ),
        ("<p>button note tag</p>", "<p>button note tag</p>"),
        ('<p data-x="note" class="box">', '<p data-x="note" class="box">'),
    ],
)
def test_each_class_of_ours_has_theirs_beside_it(ours: str, theirs: str) -> None:
    assert dressed(ours) == theirs


def test_a_class_under_a_condition_is_mapped_under_the_same_condition() -> None:
    assert dressed('<div class="note{% if a %} bad{% endif %}">') == (
        '<div class="note fr-alert{% if a %} bad fr-alert--error{% endif %}">'
    )


def test_a_tone_known_when_shown_is_mapped_when_shown() -> None:
    shown = dressed('<div class="note {{ tone }}">')
    assert '{{ tone }}{% if tone == "bad" %} fr-alert--error{% endif %}' in shown
    assert '{% if tone == "good" %} fr-alert--success{% endif %}' in shown
    assert dressed('<div class="box {{ tone }}">') == '<div class="box {{ tone }}">'


def test_what_is_translated_is_left_word_for_word() -> None:
    """It is found by its exact text: one class more in it, and the page would say it in French."""
    said = '{% blocktranslate %}Demander<span class="unseen hint"> {{ code }}</span>{% endblocktranslate %}'
    assert dressed(f'<p class="hint">{said}</p>') == f'<p class="hint fr-hint-text">{said}</p>'


def test_a_quote_inside_braces_does_not_end_an_attribute() -> None:
    assert dressed(
        '<a class="button" href="{% url "order" one.reference %}?a={{ b|default:">" }}">x</a>'
    ) == ('<a class="button fr-btn" href="{% url "order" one.reference %}?a={{ b|default:">" }}">x</a>')


def test_the_theme_is_ours_unless_an_instance_asks() -> None:
    assert theme_of({}) == theme_of({"SCEAU_THEME": ""}) == "neutral"
    assert theme_of({"SCEAU_THEME": "dsfr"}) == "dsfr"
    with pytest.raises(ValueError, match="one of neutral, dsfr is expected"):
        theme_of({"SCEAU_THEME": "marianne"})


def test_our_theme_needs_nothing_of_theirs() -> None:
    assert finders_of("neutral") == ["django.contrib.staticfiles.finders.AppDirectoriesFinder"]
    assert templates_of("neutral")[0]["APP_DIRS"] is True
    assert drawing_of("neutral") == {"img-src": ["'self'"]}


def test_no_theme_lets_a_page_run_or_fetch_more_than_ours_does() -> None:
    for theme in THEMES:
        told = drawing_of(theme)
        assert set(told) <= {"img-src", "font-src"}
        assert {source for sources in told.values() for source in sources} <= {"'self'", "data:"}
