"""backup, restore: what cannot be made again goes into a folder, and comes back into an empty stack."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import Annotated

import typer

from domain.rules import Rules
from runtime.settings import Settings
from schemas.configured import registry_for
from services.cli import servers as where
from services.cli.failure import CommandFailed
from services.cli.output import out, print_json, progress_bar, say
from services.cli.running import JsonOption, prepare, start_processes, start_servers
from services.operations.backup.manifest import Manifest

#: what makes books and read model; who tells people anything must not see a replay half done
_REPLAYING = frozenset({"streams", "services.projector"})


def backup(
    folder: Annotated[Path, typer.Argument(help="Where it goes; must not exist.")],
    as_json: JsonOption = False,
) -> None:
    """Write all input records and all tables that services own to a folder, with a digest; everything goes on."""
    from services.operations.backup.take import BackupSources, take_backup
    from services.projector.writer import CONSUMER
    from services.store.migrations import newest_revision

    settings = Settings()
    found = where.find_servers(settings)
    sources = BackupSources(
        bootstrap_servers=found.kafka_bootstrap_servers,
        database_url=found.database_url,
        registry=registry_for(settings.schema_registry_url),
        rules=Rules(terms_days=settings.terms_days),
        partitions=settings.partitions,
        revision=newest_revision(),
        projector=CONSUMER,
    )
    began_s = time.monotonic()
    try:
        with progress_bar(f"backup: {folder.name}", quiet=as_json) as bar:
            manifest = take_backup(folder.absolute(), sources, dt.datetime.now(dt.UTC), bar)
    except OSError as error:
        raise CommandFailed(
            f"{error.filename or folder}: {error.strerror}.", "Nothing was left there; name another folder."
        ) from error
    _report(folder, manifest, time.monotonic() - began_s, {}, as_json=as_json)


def restore(
    folder: Annotated[Path, typer.Argument(help="A folder that `tieout backup` wrote.")],
    workers: Annotated[int, typer.Option(min=1, help="Stream workers that replay.")] = 1,
    timeout: Annotated[int, typer.Option(min=1, help="Seconds that the replay may take.")] = 3600,
    as_json: JsonOption = False,
) -> None:
    """Fill an empty stack from a backup, replay, and prove that its books have the digest of the backup."""
    from deploy.fleet import Fleet
    from deploy.stack import EmbeddedStack, running_urls
    from services.operations.backup.manifest import read_manifest

    settings = Settings()
    home = Path(settings.home)
    fleet = Fleet(home)
    manifest = read_manifest(folder.absolute())
    if fleet.running() is not None:
        raise CommandFailed(
            f"Processes are running in {home}.", "Run `tieout down`, or set another TIEOUT_HOME."
        )
    missing = where.missing_services(where.given(settings))
    starts_servers = bool(missing) and running_urls(home) is None
    began_s = time.monotonic()
    try:
        unannounced = _restore(folder.absolute(), manifest, settings, workers, timeout, quiet=as_json)
    finally:
        fleet.stop()
        if starts_servers:
            EmbeddedStack(home, services=missing).stop()
    _report(folder, manifest, time.monotonic() - began_s, {"unannounced": unannounced}, as_json=as_json)
    if not as_json:
        say(f"The digest is that of the backup. {unannounced} open discrepancies were never announced.")
        say("Run `tieout up` to go on.")


def _restore(
    folder: Path, manifest: Manifest, settings: Settings, workers: int, timeout_s: int, *, quiet: bool
) -> int:
    """Everything between the started servers and the proof; returns how many findings nobody heard of."""
    from services.cli.feeding import wait_for
    from services.cli.proving import prove
    from services.imports.errors import Receipt
    from services.operations.backup import restore as backups
    from services.operations.backup.errors import RestoreDiffers
    from services.operations.backup.owned_tables import unannounced
    from services.store.migrations import known_revisions

    report = (lambda line: None) if quiet else say
    rules = Rules(terms_days=settings.terms_days)
    backups.check_fit(manifest, rules, settings.partitions, known_revisions())
    found = start_servers(settings, report)
    engine = found.engine()
    try:
        backups.check_empty(found.kafka_bootstrap_servers, engine)
        prepare(found, settings)
        with progress_bar("restore: records", quiet=quiet) as bar:
            registry = registry_for(settings.schema_registry_url)
            ends = backups.load(
                folder, manifest, found.kafka_bootstrap_servers, found.database_url, registry, bar
            )
        report("replaying …")
        start_processes(settings, found, report, workers=workers, modules=_REPLAYING)
        wait_for(Receipt(ends, {}), found, timeout_s)
        proof = prove(settings, found, timeout_s)
        if not proof.ok:
            broken = next(check for check in proof.checks if not check.ok)
            raise CommandFailed(
                f"{broken.invariant} is broken after the replay: {broken.detail}", "See the runbook."
            )
        if proof.digest != manifest.digest:
            raise RestoreDiffers(manifest.digest, proof.digest)
        backups.settle_followers(manifest, found.kafka_bootstrap_servers, engine, settings.partitions)
        return unannounced(engine)
    finally:
        engine.dispose()


def _report(folder: Path, manifest: Manifest, took_s: float, more: dict[str, int], *, as_json: bool) -> None:
    took_ms = int(took_s * 1000)
    size_bytes = sum(file.size_bytes for file in manifest.files())
    tables = {table.table: table.rows for table in manifest.tables}
    if as_json:
        print_json(
            {
                "folder": folder,
                "taken_at": manifest.taken_at,
                "digest": manifest.digest,
                "records": manifest.records,
                "counts": manifest.counts,
                "tables": tables,
                "size_bytes": size_bytes,
                "took_ms": took_ms,
                **more,
            }
        )
        return
    rows = ", ".join(f"{count} of {name}" for name, count in tables.items())
    out.print(
        f"{folder}: {manifest.records} records; rows: {rows}; "
        f"{size_bytes} bytes, {took_ms / 1000:.1f} s\ndigest {manifest.digest}",
        highlight=False,
        soft_wrap=True,
    )
