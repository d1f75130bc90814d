"""pkilint through its own interface: certificates, lists and OCSP answers, warnings and worse."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pkilint import pkix
from pkilint.pkix import certificate, crl, extension, name, ocsp


@lru_cache
def certificates() -> Any:
    return certificate.create_pkix_certificate_validator_container(
        certificate.create_decoding_validators(name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS),
        [
            certificate.create_issuer_validator_container([]),
            certificate.create_validity_validator_container(),
            certificate.create_subject_validator_container([]),
            certificate.create_extensions_validator_container([]),
        ],
    )


def _decoders() -> list[Any]:
    return [
        pkix.create_attribute_decoder(name.ATTRIBUTE_TYPE_MAPPINGS),
        pkix.create_extension_decoder(extension.EXTENSION_MAPPINGS),
    ]


@lru_cache
def lists() -> Any:
    return crl.create_pkix_crl_validator_container(
        _decoders(),
        [
            crl.create_issuer_validator_container([]),
            crl.create_validity_validator_container([]),
            crl.create_extensions_validator_container([]),
        ],
    )


@lru_cache
def answers() -> Any:
    return ocsp.create_pkix_ocsp_response_validator_container(
        [ocsp.create_response_decoder(), *_decoders()], []
    )


def remarks(linter: Any, document: Any) -> set[str]:
    """Codes and messages of what is a warning or worse."""
    return {
        f"{one.finding.code}: {one.message}"
        for result in linter.validate(document.root)
        for one in result.finding_descriptions
        if one.finding.severity.name not in ("NOTICE", "INFO", "DEBUG")
    }
