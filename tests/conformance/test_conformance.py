import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tracebook.conformance import (
    ConformanceConfig,
    ConformanceSuite,
    ExternalProcessAdapterFactory,
    copy_bundled_conformance_suite,
    qualification_case_names,
    run_campaign,
    run_conformance,
    run_conformance_suite,
)
from tracebook.core.order import SelfTradePolicy
from tracebook.events import MarketEvent

from tests.conformance.adapter import FAULTS, Adapter

pytestmark = pytest.mark.kernel

PROFILE = "fifo-full-v1"
SELF_TRADE_CASES = ("stp-cancel-resting", "stp-cancel-resting-deep", "stp-cancel-incoming")
EVERY_ENGINE = pytest.mark.parametrize("engine", ["twin", "kernel"])


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> ConformanceSuite:
    return copy_bundled_conformance_suite(tmp_path_factory.mktemp("suite") / "v2", suite_version="v2")


def faults_of(report: dict[str, Any]) -> list[Any]:
    return [case["report"]["divergence"] for case in report["cases"] if not case["report"]["conformant"]]


@pytest.mark.parametrize("case", [*qualification_case_names(PROFILE), *SELF_TRADE_CASES])
@EVERY_ENGINE
def test_fixed_case_conforms(engine: str, case: str, suite: ConformanceSuite) -> None:
    chosen = replace(suite, cases=tuple(each for each in suite.cases if each.name == case))
    report = run_conformance_suite(chosen, partial(Adapter, engine=engine))
    assert report["case_count"] == 1
    assert report["conformant"], faults_of(report)


def test_only_pro_rata_is_left_out(suite: ConformanceSuite) -> None:
    run = {*qualification_case_names(PROFILE), *SELF_TRADE_CASES}
    assert {case.name for case in suite.cases} - run == {"pro-rata-allocation"}


@EVERY_ENGINE
def test_generated_campaign_conforms(engine: str, scaled: Callable[[int], int]) -> None:
    result = run_campaign(
        partial(Adapter, engine=engine), PROFILE, seed=20, traces=scaled(20), events_per_trace=200
    )
    assert result.conformant, result.to_dict()["failure"]
    if len(result.traces) >= 20:
        assert not result.semantic_coverage.uncovered_capabilities


def test_adapter_conforms_as_a_process_of_its_own() -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.conformance.adapter", "twin"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        result = run_campaign(
            ExternalProcessAdapterFactory(command), PROFILE, seed=5, traces=1, events_per_trace=60
        )
    assert result.conformant


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_adapter_is_found(fault: str) -> None:
    result = run_campaign(
        partial(Adapter, engine="twin", fault=fault),
        PROFILE,
        seed=20,
        traces=10,
        events_per_trace=200,
        max_minimize_runs=20,
    )
    assert not result.conformant


@EVERY_ENGINE
def test_translations_of_the_adapter(engine: str) -> None:
    rows: list[dict[str, Any]] = [
        {"op": "new", "order_id": 1, "side": "BUY", "price": 100.004, "quantity": 2, "owner": 1},
        # The id is in use, though by another owner.
        {"op": "new", "order_id": 1, "side": "BUY", "price": 100, "quantity": 2, "owner": 2},
        {"op": "reduce", "order_id": 1, "quantity": 2.5},
        {"op": "reduce", "order_id": 7, "quantity": 1},
        {"op": "replace", "order_id": 7, "price": 1},
        {"op": "replace", "order_id": 1, "quantity": -1},
        {"op": "new", "order_id": 2, "side": "SELL", "price": 100, "quantity": 0, "owner": 2},
        # Orders without an owner trade with one another under every policy.
        {"op": "new", "order_id": 3, "side": "BUY", "price": 101, "quantity": 1},
        {"op": "new", "order_id": 4, "side": "SELL", "price": 99, "quantity": 4},
        {"op": "reduce", "order_id": 4, "quantity": 1},
        {"op": "clear"},
        {"op": "clear", "symbol": "NEVER"},
    ]
    events = [MarketEvent.from_mapping({"symbol": "ONE", **row}) for row in rows]
    config = ConformanceConfig(self_trade_policy=SelfTradePolicy.CANCEL_INCOMING)
    report = run_conformance(events, partial(Adapter, engine=engine), config=config)
    assert report.conformant, report.divergence
