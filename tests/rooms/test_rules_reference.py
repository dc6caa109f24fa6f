"""Every example of docs/reference/rules.md is asked of the store and of one person in Python, and said in words."""

import json
import random
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlglot import exp, parse_one

from passaparola.kernel import database
from passaparola.segments import compile, person, rules, traits
from passaparola.segments.compile.source import column, select
from passaparola.segments.rules import Known, tree
from passaparola.segments.rules.operands import OPERATORS
from passaparola.segments.sentence import Names, sentence
from tests.agreement import stores
from tests.agreement.dice import NOW_US, clock
from tests.agreement.histories import Histories

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "rules.md").read_text()
EXAMPLES = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.S)]
KINDS = {trait.name: trait.kind for trait in traits.TRAITS}
KNOWN = Known(traits=KINDS, segments={1: None}, groups=frozenset({1}), tiers=frozenset({"gold"}))


def as_rule(example: dict[str, Any]) -> rules.Group:
    return rules.read(example if "rules" in example else {"rules": [example]})


def _turns(leaf: tree.Trait) -> tuple[str, ...]:
    return rules.turns(leaf, KINDS[leaf.trait]) or ()


def test_each_leaf_has_its_section_and_an_example() -> None:
    shown = {leaf.__struct_config__.tag for example in EXAMPLES for _, leaf in tree.leaves(as_rule(example))}
    assert shown == set(tree.LEAVES)
    assert set(re.findall(r"^## (\w+)$", PAGE, re.M)) >= set(tree.LEAVES)
    assert not [operator for operators in OPERATORS.values() for operator in operators if f"`{operator}`" not in PAGE]


def test_every_example_is_answered_alike() -> None:
    histories = Histories(random.Random(5), 30)
    own = stores.OwnTables(histories)
    at = clock(NOW_US)

    def relation(dialect: str, names: Any) -> Any:
        inner = parse_one(traits.relation(sorted(set(names.values())), today=at.today), read=dialect)
        picks = {alias: exp.column(name, table="t", quoted=True) for alias, name in names.items()}
        return select(person_id=column("person_id", "t"), **picks).from_(inner.subquery("t"))

    source = compile.Operational(own.all.dialect, traits=relation, currency="EUR", states=stores.LEVELS)
    for example in EXAMPLES:
        rule = as_rule(example)
        assert rules.check(rule, KNOWN) == [], example
        made = compile.compile(rule, source=source, known=KNOWN)
        found = {row[0]: row[1:] for row in database.rows(made.sql, made.parameters(at))}
        for one in histories.people:
            turns = [name for _, leaf in tree.leaves(rule) if isinstance(leaf, tree.Trait) for name in _turns(leaf)]
            known = traits.values(one.id, today=at.today, turns=turns) if rules.mentions(rule).traits else {}
            seen = person.explain(rule, msgspec.structs.replace(one, traits=known), at, KINDS)
            assert found[one.id] == (None if seen.answer is None else int(seen.answer), seen.next_us), (example, one.id)


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_is_printed_and_said(example: dict[str, Any]) -> None:
    rule = as_rule(example)
    for engine in ("duckdb", "spark"):
        text = compile.text(rule, source=compile.Lake(engine), known=KNOWN, clock=clock(NOW_US))
        assert text.startswith(("SELECT", "WITH"))
        assert "\x01" not in text
    assert len({sentence(language, rule, Names()) for language in ("es", "it", "en")}) == 3


def test_the_sentence_on_the_page_is_the_one_that_is_said() -> None:
    said = sentence("en", as_rule(EXAMPLES[0]), Names())
    assert said in PAGE.replace("\n", " ")
