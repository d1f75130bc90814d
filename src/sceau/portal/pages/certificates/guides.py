"""How to install one very certificate: the files by their names, the host it carries, the lines to copy.

Each guide is data (`guides/*.txt` among the templates), filled in with this certificate's words; the lines
of those for nginx, Apache, Postfix, curl and Java are run by tests. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from sceau.portal.language import page_catalogue
from sceau.portal.pages.certificates.files import stem_of
from sceau.records import CertificateFile

_SERVER = frozenset({"SERV_SSL"})
_CLIENT = frozenset({"SERV_SSL", "ORG_AUTH_CLI", "PRO_AUTH", "PS_AUTH"})


@dataclass(frozen=True, slots=True)
class Guide:
    """A program, the products it is for (None: all), what to do before its lines, where they go."""

    code: str
    label: str
    before: str
    products: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Filled:
    """A guide for one certificate: `lines` are to be copied as they are."""

    code: str
    label: str
    before: str
    lines: str


GUIDES: tuple[Guide, ...] = (
    Guide(
        "nginx",
        "nginx",
        gettext_noop("Téléchargez « Certificat et chaîne (PEM) ». Dans le bloc server du site :"),
        _SERVER,
    ),
    Guide(
        "apache",
        "Apache",
        gettext_noop(
            "Téléchargez « Certificat et chaîne (PEM) ». Dans le VirtualHost du site (module ssl) :"
        ),
        _SERVER,
    ),
    Guide("tomcat", "Tomcat", gettext_noop("Faites le fichier .p12, puis dans conf/server.xml :"), _SERVER),
    Guide(
        "iis",
        "IIS",
        gettext_noop(
            "Faites le fichier .p12 (« anciens logiciels » avant Windows 2019), puis dans PowerShell :"
        ),
        _SERVER,
    ),
    Guide(
        "postfix",
        "Postfix",
        gettext_noop("Téléchargez « Certificat et chaîne (PEM) ». Puis, dans un terminal :"),
        _SERVER,
    ),
    Guide(
        "curl",
        "curl",
        gettext_noop("Pour appeler un service en présentant ce certificat :"),
        _CLIENT,
    ),
    Guide(
        "java",
        "Java (keytool)",
        gettext_noop(
            "Un fichier .p12 est un magasin de clés Java. Pour un ancien logiciel qui demande un JKS :"
        ),
    ),
    Guide(
        "p12",
        gettext_noop("Fichier .p12 avec OpenSSL"),
        gettext_noop("Si la clé est chez vous et non dans ce navigateur :"),
    ),
)


def guides_for(file: CertificateFile) -> tuple[Filled, ...]:
    """The guides for what this certificate is."""
    words = words_for(file)
    chosen = (one for one in GUIDES if one.products is None or file.line.product in one.products)
    return tuple(Filled(one.code, _(one.label), _(one.before), fill(one.code, words)) for one in chosen)


def words_for(file: CertificateFile) -> dict[str, str]:
    """What the lines name: the files (`stem`), the first host (`host`), every host (`hosts`)."""
    names = file.line.names or (page_catalogue().products[file.line.product].slug,)
    return {"stem": stem_of(file), "host": names[0], "hosts": " ".join(names), "others": " ".join(names[1:])}


def fill(code: str, words: Mapping[str, str]) -> str:
    """The lines of guide `code`, with these words."""
    return render_to_string(f"portal/certificates/guides/{code}.txt", dict(words)).strip()
