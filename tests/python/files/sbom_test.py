"""Bills of materials are valid by the official schemas, and say what the model says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator, FormatChecker
from referencing import Registry, Resource

import weighbridge

SCHEMAS = Path(__file__).parents[2] / "data" / "sbom"
FILES = (
    "pytorch/gat_module_before.pt",
    "pytorch/gat_module_after.pt",
    "pytorch/checkpoints/lightning_32-true.ckpt",
    "pytorch/modules/gpt_tied_module.pt",
    "safetensors/single_with_config",
    "safetensors/missing_shard",
)


def schema(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((SCHEMAS / name).read_text())
    return loaded


def cyclonedx() -> Draft7Validator:
    whole = schema("bom-1.6.SNAPSHOT.schema.json")
    parts = [(name, Resource.from_contents(schema(name))) for name in
             ("spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json")]
    base = "http://cyclonedx.org/schema/"
    registry = Registry().with_resources([(base + name, resource) for name, resource in parts])
    return Draft7Validator(whole, registry=registry, format_checker=FormatChecker())


VALIDATORS = {"cyclonedx": cyclonedx(), "spdx": Draft202012Validator(schema("spdx-3.0.1.schema.json"))}


def complaints(form: str, bill: dict[str, Any]) -> list[str]:
    return [f"{error.json_path}: {error.message[:200]}" for error in VALIDATORS[form].iter_errors(bill)]


@pytest.mark.parametrize("path", FILES)
@pytest.mark.parametrize("form", VALIDATORS)
def test_is_valid(form: str, path: str) -> None:
    """By the schema that the makers of the form publish."""
    assert complaints(form, json.loads(weighbridge.read(path).summary().render(form))) == []


def test_the_schemas_refuse_what_is_wrong() -> None:
    """A schema that allows everything would prove nothing."""
    model = weighbridge.read("pytorch/gat_module_after.pt").summary()
    bill = json.loads(model.render("cyclonedx"))
    bill["components"][0]["type"] = "model"
    assert complaints("cyclonedx", bill)
    bill = json.loads(model.render("spdx"))
    bill["@graph"][-1]["ai_typeOfModell"] = ["GAT"]
    assert complaints("spdx", bill)


def test_of_several_models_and_at_a_time(program, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """What the program writes of several files, with a time."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1764522000")
    for form in VALIDATORS:
        bill = json.loads(program(*FILES[:3], "--format", form).stdout)
        assert complaints(form, bill) == []
        assert "2025-11-30T17:00:00Z" in json.dumps(bill)


@pytest.mark.parametrize("path", FILES)
def test_counts_are_the_models(path: str) -> None:
    """Digit by digit."""
    totals = weighbridge.read(path).totals
    component = json.loads(weighbridge.read(path).summary().render("cyclonedx"))["components"][0]
    properties = {one["name"]: one["value"] for one in component["properties"]}
    assert properties["weighbridge:parameters"] == str(totals.parameters.known)
    assert properties["weighbridge:parameters:exact"] == str(totals.parameters.exact).lower()
    assert properties["weighbridge:bytes"] == str(totals.bytes.known)
