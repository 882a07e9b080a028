"""chaos: faults strike a throw-away stack while events arrive, and the books must come out right."""

from __future__ import annotations

import datetime as dt
import importlib.util
import itertools
import shutil
import signal
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import psutil
import tenacity
import typer
from confluent_kafka import KafkaException
from pydantic import SecretStr
from sqlalchemy.exc import OperationalError

from deploy import faults
from deploy.fleet import Fleet
from deploy.stack import EmbeddedStack
from domain.rule_sets import RuleSet, RulesInForce
from domain.rules import Rules
from runtime.settings import Settings
from schemas.codec import Codec
from schemas.errors import ProgressTimeout
from schemas.registry import FingerprintRegistry
from schemas.topics import BOOKS_CHANGELOG, RESULTS
from services.cli import servers as where
from services.cli.failure import CommandFailed
from services.cli.output import out, print_json, say
from services.cli.running import JsonOption, prepare, start_processes, start_servers
from services.imports.canonical import Outgoing, read_event
from services.imports.errors import Receipt
from services.imports.settle import wait_until_reflected
from services.operations.chaos.feeder import FedRecord, Feeder
from services.operations.chaos.rule_change import activation, other_rules, undisturbed_digest
from services.operations.chaos.storm import (
    Episode,
    Fault,
    Shares,
    Summary,
    Surroundings,
    plan,
    storm,
)
from services.operations.chaos.watch import CommitWatch
from services.operations.verify import Verifier, VerifyTargets
from services.simulator.events import Event
from services.simulator.simulation import DEFAULT_START, Simulation
from services.store.errors import LiveStoreUnavailable

_MODULES: Final = frozenset({"streams", "services.projector"})
#: what the workers' transactions write
_WRITTEN: Final = (BOOKS_CHANGELOG.name, *(topic.name for topic in RESULTS))
_CUSTOMERS: Final = 60
_DAYS: Final = 30
_ABSENCE_S: Final = 3.0
_WARM_UP_EVENTS: Final = 200
#: far below the product's, so that a hanging broker is a fault of seconds; above what a restart of the broker takes
_WATCHDOG_S: Final = 10
_DUPLICATES: Final = 200
_LATE: Final = 100
#: faults of the input
_AGAIN: Final = "duplicate input"
_LATER: Final = "late input"
#: what a server says that has only just come back; bounded by the time that recovery may take
_PASSING: Final = (KafkaException, ProgressTimeout, OperationalError, LiveStoreUnavailable)
#: relative frequency where it is not 1
_WEIGHTS: Final = {"kill -9 worker": 4, "kill -9 projector": 2, "SIGTERM worker": 2, _AGAIN: 2}


class Stack:
    """The throw-away stack; what the faults strike."""

    def __init__(self, home: Path, workers: int) -> None:
        self.home = home
        self.stack = EmbeddedStack(home)
        self.fleet = Fleet(home)
        self.workers = [f"worker-{number}" for number in range(1, workers + 1)]
        #: the worker that keeps its state on disk; empty where RocksDB is not installed, or its disk cannot be filled
        on_disk = importlib.util.find_spec("rocksdict") is not None and hasattr(psutil, "RLIMIT_FSIZE")
        self.worker_on_disk = self.workers[-1] if on_disk else ""
        # servers that the environment names are somebody's: nothing here may reach them
        self.settings = Settings(home=home).model_copy(
            update={
                "kafka_bootstrap_servers": "",
                "database_url": SecretStr(""),
                "redis_url": SecretStr(""),
                "schema_registry_url": "",
            }
        )

    def start(self, report: Callable[[str], None]) -> where.Servers:
        found = start_servers(self.settings, report)
        prepare(found, self.settings)
        own = {
            worker: {
                "TIEOUT_STATE_STORE": "rocksdb" if worker == self.worker_on_disk else "memory",
                "TIEOUT_WATCHDOG_S": str(_WATCHDOG_S),
            }
            for worker in self.workers
        }
        start_processes(self.settings, found, report, workers=len(self.workers), modules=_MODULES, own=own)
        return found

    def stop(self) -> None:
        self.fleet.stop()
        self.stack.stop()

    def shares(self, victim: str) -> Shares:
        """The partitions of a worker about to be struck, and those of the others, when all hold some."""
        held: dict[str, frozenset[int]] = {}

        def all_held() -> bool:
            held.update({worker: faults.partitions_of(self, worker, keys_min=1) for worker in self.workers})
            numbers = sorted(itertools.chain(*held.values()))
            return numbers == list(range(self.settings.partitions))

        if victim not in self.workers:
            return frozenset(), frozenset()
        faults.wait_for(all_held, "every partition is held by one worker")
        others = frozenset().union(*(held[worker] for worker in self.workers if worker != victim))
        return held[victim], others

    def strikes(self) -> dict[str, faults.Strike]:
        """What strikes the programs that there are, by the names of the faults."""
        found = {**faults.server_faults(), **faults.process_faults([*self.workers, "projector"])}
        found |= {
            "freeze worker-1 beyond its session": faults.freeze("worker-1", faults.BEYOND_THE_SESSION_S),
            f"{self.workers[-1]} leaves and joins": faults.absent(self.workers[-1], _ABSENCE_S),
            "broker hangs": faults.hang_broker(self.workers),
            "produce errors": faults.refuse_records(self.workers, _WRITTEN),
        }
        if self.worker_on_disk:
            found[f"disk full for {self.worker_on_disk}"] = faults.fill_disk(self.worker_on_disk)
        return found

    def faults(self, feeder: Feeder) -> list[Fault]:
        """Every kind of fault."""
        made = [
            Fault(name, _weight(name), partial(strike, self), _victim(name))
            for name, strike in self.strikes().items()
        ]
        made.append(Fault(_AGAIN, _weight(_AGAIN), lambda: feeder.repeat(_DUPLICATES)))
        made.append(Fault(_LATER, 1, lambda: feeder.hold_back(_LATE)))
        return made


def chosen(names: Sequence[str], only: Sequence[str]) -> frozenset[str]:
    """The names that contain one of ``only``; all where none is asked for. Raises CommandFailed."""
    found = frozenset(name for name in names if not only or any(part in name for part in only))
    if not found:
        raise CommandFailed(
            f"No fault's name contains {' or '.join(only)}.", f"There are: {', '.join(names)}."
        )
    return found


def _weight(name: str) -> int:
    return next((weight for prefix, weight in _WEIGHTS.items() if name.startswith(prefix)), 1)


def _victim(name: str) -> str:
    return name.removeprefix("kill -9 ") if name.startswith("kill -9 worker") else ""


def events(seed: int) -> Iterator[Event]:
    """Endless simulated events of ever new customers: some late, some twice, some out of order."""
    for number in itertools.count():
        yield from Simulation(seed + number, _CUSTOMERS, _DAYS, tag=f"X{number}").events()


def records(source: Iterator[Event], codec: Codec) -> Iterator[FedRecord]:
    """The events as they go to Kafka."""
    for number, event in enumerate(source, start=1):
        outgoing = read_event(number, event)
        assert isinstance(outgoing, Outgoing), outgoing
        assert outgoing.topic.schema is not None
        value = codec.encode(outgoing.topic.schema, outgoing.value)
        yield FedRecord(outgoing.topic.name, outgoing.key, value)


def rule_set(base: Rules) -> RuleSet:
    """What is put into force in the middle of the storm; from a date on that has events before and after it."""
    return other_rules(base, DEFAULT_START + dt.timedelta(days=_DAYS // 3))


def chaos(
    seed: Annotated[int, typer.Option(help="Decides the faults, their order and the events.")] = 1,
    count: Annotated[int, typer.Option("--faults", min=1, help="How many faults strike.")] = 20,
    only: Annotated[
        list[str] | None, typer.Option(help="Only faults whose name contains this; may be repeated.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Stream workers.")] = 2,
    rate: Annotated[int, typer.Option(min=1, help="Events a second.")] = 100,
    bound: Annotated[int, typer.Option(min=1, help="Seconds within which all must have recovered.")] = 60,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the folder of the stack.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Let seeded faults strike a throw-away stack while events arrive; prove the books after each and at the end."""
    home = Path(tempfile.mkdtemp(prefix="tieout-chaos-"))
    stack = Stack(home, workers)
    try:
        names = chosen([*stack.strikes(), _AGAIN, _LATER], only or [])
    except CommandFailed:
        home.rmdir()
        raise
    say(f"seed {seed}, {count} faults, {workers} workers, {rate} events a second, in {home}")
    summary = Summary(seed)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: nothing may stay behind
    try:
        found = stack.start((lambda line: None) if as_json else say)
        _run(stack, found, summary, count, rate, bound, names)
        keep = keep or not summary.ok
    except BaseException:
        keep = True
        raise
    finally:
        stack.stop()
        if keep:
            say(f"The stack's folder is left: {home}")
        else:
            shutil.rmtree(home)
    _report(summary, as_json=as_json)


def _run(
    stack: Stack,
    found: where.Servers,
    summary: Summary,
    count: int,
    rate: int,
    bound_s: int,
    names: Collection[str],
) -> None:
    settings = stack.settings
    codec, rules = Codec(FingerprintRegistry()), Rules(terms_days=settings.terms_days)
    engine, live = found.engine(), found.live()
    targets = VerifyTargets(
        bootstrap_servers=found.kafka_bootstrap_servers,
        engine=engine,
        live=live,
        codec=codec,
        rules=rules,
        partitions=settings.partitions,
        timeout_s=bound_s,
    )

    patiently = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(_PASSING),
        wait=tenacity.wait_fixed(0.1),
        stop=tenacity.stop_after_delay(bound_s),
        reraise=True,
    )

    def settled(offsets: Mapping[tuple[str, int], int]) -> None:
        patiently(
            wait_until_reflected,
            Receipt(offsets, {}),
            bootstrap_servers=found.kafka_bootstrap_servers,
            engine=engine,
            live=live,
            timeout_s=bound_s,
        )

    feeder = Feeder(found.kafka_bootstrap_servers, records(events(summary.seed), codec), rate)
    other = rule_set(rules)
    change = activation(other, codec, settings.partitions)
    planned = plan(summary.seed, [fault for fault in stack.faults(feeder) if fault.name in names], count)
    kept = Verifier(targets)
    try:
        with (
            CommitWatch(found.kafka_bootstrap_servers, BOOKS_CHANGELOG.name, settings.partitions) as watch,
            feeder,
        ):
            feeder.wait_until_sent(_WARM_UP_EVENTS)
            settled(feeder.delivered())
            around = Surroundings(
                feeder,
                watch,
                stack.shares,
                settled,
                lambda: kept.run(whole=False),
                lambda: feeder.insert(change),
            )
            try:
                storm(planned, around, summary, _tell)
            finally:
                feeder.stop()
        summary.events = feeder.sent
        settled(feeder.finish())
        whole = Verifier(targets).run()
        summary.broken += [f"at the end: {c.invariant} {c.detail}" for c in whole.checks if not c.ok]
        summary.digest = whole.digest
        fed = records(itertools.islice(events(summary.seed), summary.events), codec)
        held = RulesInForce(() if summary.rules_changed_at is None else (other,), rules)
        summary.undisturbed_digest = undisturbed_digest(fed, codec, held)
        if summary.digest != summary.undisturbed_digest:
            summary.broken.append("at the end: the digest is not that of the undisturbed fold")
    finally:
        live.close()
        engine.dispose()


def _tell(episode: Episode) -> None:
    pause = episode.survivors_pause_s
    more = (
        ""
        if pause is None
        else f", others paused {pause:.2f} s, back after {episode.victim_back_s or 0:.2f} s"
    )
    say(
        f"{episode.number:>4} {episode.fault}: {episode.strike_s:.1f} s, recovered in {episode.recovery_s:.2f} s"
        f", checked in {episode.check_s:.2f} s{more}"
    )


def _report(summary: Summary, *, as_json: bool) -> None:
    if as_json:
        print_json(summary)
    else:
        out.print(
            f"{summary.faults} faults in {summary.took_s:.0f} s, {summary.events} events"
            f", other rules from fault {summary.rules_changed_at or 'none'} on",
            highlight=False,
        )
        for name, figure in summary.figures.items():
            out.print(f"{name}: median {figure['median']}, p95 {figure['p95']}, max {figure['max']}")
        out.print(f"digest {summary.digest}\nundisturbed {summary.undisturbed_digest}", highlight=False)
    if not summary.ok:
        raise CommandFailed("; ".join(summary.broken), f"Run it again with --seed {summary.seed} --keep.")
