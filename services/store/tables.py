"""The tables of PostgreSQL that the services meet in. The projector writes them, but for those marked.

Rows mirror the result topics one to one; money is BIGINT minor units beside a currency. ``account_version``
guards upserts: a row only ever moves to a higher version of its account.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

TEXT = sa.Text
INSTANT = sa.TIMESTAMP(timezone=True)

ledger_entries = sa.Table(
    "ledger_entries",
    metadata,
    sa.Column("entry_id", TEXT, primary_key=True),
    sa.Column("customer_id", TEXT, nullable=False),
    sa.Column("currency", TEXT, nullable=False),
    sa.Column("account_version", sa.BigInteger, nullable=False),
    sa.Column("kind", TEXT, nullable=False),
    sa.Column("role", TEXT, nullable=False),
    sa.Column("side", TEXT, nullable=False),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    sa.Column("document_no", TEXT, nullable=False),
    sa.Column("business_date", sa.Date, nullable=False),
    sa.Column("due_date", sa.Date),
    sa.Column("occurred_at", INSTANT, nullable=False),
    sa.Column("recorded_at", INSTANT, nullable=False),
    sa.Column("event_id", TEXT, nullable=False),
    sa.Column("source_system", TEXT, nullable=False),
    sa.Column("source_record_id", TEXT, nullable=False),
    sa.Column("source_version", sa.Integer, nullable=False),
    sa.Column("correlation_id", TEXT),
    sa.Column("description", TEXT, nullable=False),
    sa.Column("source_topic", TEXT, nullable=False),
    sa.Column("source_partition", sa.Integer, nullable=False),
    sa.Column("source_offset", sa.BigInteger, nullable=False),
    sa.CheckConstraint("amount_minor >= 0", name="amount_not_negative"),
    sa.CheckConstraint("side in ('DEBIT', 'CREDIT')", name="side_known"),
    sa.Index("ix_ledger_entries_account_date", "customer_id", "currency", "business_date", "entry_id"),
    sa.Index("ix_ledger_entries_document", "document_no"),
    sa.Index("ix_ledger_entries_source", "source_system", "recorded_at"),
)

#: entries that came under the id of an entry that stands, with other content: a double, or a defect. Never booked.
refused_entries = sa.Table(
    "refused_entries",
    metadata,
    sa.Column("entry_id", TEXT, primary_key=True),
    sa.Column("account_version", sa.BigInteger, primary_key=True),
    sa.Column("source_topic", TEXT, primary_key=True),
    sa.Column("source_partition", sa.Integer, primary_key=True),
    sa.Column("source_offset", sa.BigInteger, primary_key=True),
    sa.Column("customer_id", TEXT, nullable=False),
    sa.Column("currency", TEXT, nullable=False),
    sa.Column("content", JSONB, nullable=False),  # the whole entry as it came
)

open_items = sa.Table(
    "open_items",
    metadata,
    sa.Column("customer_id", TEXT, primary_key=True),
    sa.Column("currency", TEXT, primary_key=True),
    sa.Column("item_id", TEXT, primary_key=True),
    sa.Column("account_version", sa.BigInteger, nullable=False),
    sa.Column("kind", TEXT, nullable=False),
    sa.Column("side", TEXT, nullable=False),
    sa.Column("document_no", TEXT, nullable=False),
    sa.Column("business_date", sa.Date, nullable=False),
    sa.Column("due_date", sa.Date, nullable=False),
    sa.Column("original_minor", sa.BigInteger, nullable=False),
    sa.Column("allocated_minor", sa.BigInteger, nullable=False),
    sa.Column("open_minor", sa.BigInteger, nullable=False),
    sa.Column("state", TEXT, nullable=False),
    sa.Column("salesperson", TEXT),
    sa.Column("department", TEXT),
    sa.Index("ix_open_items_due", "due_date", postgresql_where=sa.text("open_minor <> 0")),
)

allocations = sa.Table(
    "allocations",
    metadata,
    sa.Column("customer_id", TEXT, primary_key=True),
    sa.Column("currency", TEXT, primary_key=True),
    sa.Column("allocation_id", TEXT, primary_key=True),
    sa.Column("account_version", sa.BigInteger, nullable=False),
    sa.Column("credit_item_id", TEXT, nullable=False),
    sa.Column("payment_document_no", TEXT, nullable=False),
    sa.Column("debit_item_id", TEXT, nullable=False),
    sa.Column("document_no", TEXT, nullable=False),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    sa.Column("effective_date", sa.Date, nullable=False),
    sa.Column("rule", TEXT, nullable=False),
    sa.Column("rule_version", sa.Integer, nullable=False),
    sa.Column("score_ppm", sa.Integer, nullable=False),
    sa.Column("state", TEXT, nullable=False),
    sa.Column("score_parts", JSONB, nullable=False, server_default="{}"),
)

balances = sa.Table(
    "balances",
    metadata,
    sa.Column("customer_id", TEXT, primary_key=True),
    sa.Column("currency", TEXT, primary_key=True),
    sa.Column("account_version", sa.BigInteger, nullable=False),
    sa.Column("balance_minor", sa.BigInteger, nullable=False),
    sa.Column("entry_count", sa.BigInteger, nullable=False),
    sa.Column("open_discrepancies", sa.Integer, nullable=False),
    sa.Column("last_business_date", sa.Date, nullable=False),
    sa.Column("event_id", TEXT, nullable=False),
    sa.Column("occurred_at", INSTANT, nullable=False),
)

discrepancies = sa.Table(
    "discrepancies",
    metadata,
    sa.Column("discrepancy_id", TEXT, primary_key=True),
    sa.Column("customer_id", TEXT, nullable=False),
    sa.Column("currency", TEXT, nullable=False),
    sa.Column("account_version", sa.BigInteger, nullable=False),
    sa.Column("kind", TEXT, nullable=False),
    sa.Column("state", TEXT, nullable=False),
    sa.Column("document_no", TEXT),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    sa.Column("ours_minor", sa.BigInteger),
    sa.Column("theirs_minor", sa.BigInteger),
    sa.Column("statement_id", TEXT),
    sa.Column("line_no", sa.Integer),
    sa.Column("rule", TEXT, nullable=False),
    sa.Column("rule_version", sa.Integer, nullable=False),
    sa.Column("explanation", TEXT, nullable=False),
    sa.Column("reason_code", TEXT, nullable=False),
    sa.Column("reason_arguments", JSONB, nullable=False),
    sa.Column("evidence", JSONB, nullable=False),
    sa.Column("event_id", TEXT, nullable=False),
    sa.Column("correlation_id", TEXT),
    sa.Column("business_date", sa.Date, nullable=False),
    sa.Column("occurred_at", INSTANT, nullable=False),
    sa.Index("ix_discrepancies_account", "customer_id", "currency"),
    sa.Index("ix_discrepancies_state", "state", "kind"),
)

#: every change of a discrepancy, in the order of its account
discrepancy_history = sa.Table(
    "discrepancy_history",
    metadata,
    sa.Column("discrepancy_id", TEXT, primary_key=True),
    sa.Column("account_version", sa.BigInteger, primary_key=True),
    sa.Column("state", TEXT, nullable=False),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    sa.Column("explanation", TEXT, nullable=False),
    sa.Column("event_id", TEXT, nullable=False),
    sa.Column("occurred_at", INSTANT, nullable=False),
)

#: how customer statements compare, in parts; those whose ``account_version`` is not that of part 1 are left from before
statement_comparisons = sa.Table(
    "statement_comparisons",
    metadata,
    sa.Column("customer_id", TEXT, primary_key=True),
    sa.Column("currency", TEXT, primary_key=True),
    sa.Column("statement_id", TEXT, primary_key=True),
    sa.Column("part", sa.Integer, primary_key=True),
    sa.Column("account_version", sa.BigInteger, nullable=False),
    sa.Column("parts", sa.Integer, nullable=False),
    sa.Column("statement_version", sa.Integer, nullable=False),
    sa.Column("period_start", sa.Date, nullable=False),
    sa.Column("period_end", sa.Date, nullable=False),
    sa.Column("theirs_opening_minor", sa.BigInteger, nullable=False),
    sa.Column("ours_opening_minor", sa.BigInteger, nullable=False),
    sa.Column("theirs_closing_minor", sa.BigInteger, nullable=False),
    sa.Column("ours_closing_minor", sa.BigInteger, nullable=False),
    sa.Column("line_count", sa.Integer, nullable=False),
    sa.Column("matched_count", sa.Integer, nullable=False),
    sa.Column("pending_count", sa.Integer, nullable=False),
    sa.Column("first_divergent_line_no", sa.Integer),
    sa.Column("rows", JSONB, nullable=False),
    sa.Column("event_id", TEXT, nullable=False),
    sa.Column("occurred_at", INSTANT, nullable=False),
)

dead_letters = sa.Table(
    "dead_letters",
    metadata,
    sa.Column("source_topic", TEXT, primary_key=True),
    sa.Column("source_partition", sa.Integer, primary_key=True),
    sa.Column("source_offset", sa.BigInteger, primary_key=True),
    sa.Column("reason", TEXT, nullable=False),
    sa.Column("detail", TEXT, nullable=False),
    sa.Column("event_id", TEXT),
    sa.Column("customer_id", TEXT),
    sa.Column("recorded_at", INSTANT, nullable=False),
    sa.Column("raw_key", sa.LargeBinary),
    sa.Column("raw_value", sa.LargeBinary),
)

#: what people did on cases, adjustments and dead letters; never changed, states are folds of it
work_events = sa.Table(
    "work_events",
    metadata,
    sa.Column("event_id", TEXT, primary_key=True),
    sa.Column("subject_kind", TEXT, nullable=False),
    sa.Column("subject", TEXT, nullable=False),
    sa.Column("action", TEXT, nullable=False),
    sa.Column("actor", TEXT, nullable=False),
    sa.Column("occurred_at", INSTANT, nullable=False),
    sa.Column("customer_id", TEXT, nullable=False),
    sa.Column("currency", TEXT),
    sa.Column("comment", TEXT),
    sa.Column("details", JSONB, nullable=False),
    sa.Column("content", sa.LargeBinary),
    sa.Index("ix_work_events_subject", "subject_kind", "subject", "occurred_at"),
)

#: who may work; written by `tieout users`. Of a token only its SHA-256 is kept
users = sa.Table(
    "users",
    metadata,
    sa.Column("user_id", TEXT, primary_key=True),
    sa.Column("name", TEXT, nullable=False),
    sa.Column("role", TEXT, nullable=False),
    sa.Column("token_sha256", TEXT, unique=True),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("created_at", INSTANT, nullable=False),
)

#: the projector's place in each result topic, in the same transaction as the rows
consumer_offsets = sa.Table(
    "consumer_offsets",
    metadata,
    sa.Column("consumer", TEXT, primary_key=True),
    sa.Column("topic", TEXT, primary_key=True),
    sa.Column("partition", sa.Integer, primary_key=True),
    sa.Column("next_offset", sa.BigInteger, nullable=False),
)

#: names, addresses, language and group of customers; written by `tieout import customers`
customers = sa.Table(
    "customers",
    metadata,
    sa.Column("customer_id", TEXT, primary_key=True),
    sa.Column("name", TEXT, nullable=False),
    sa.Column("language", TEXT, nullable=False, server_default="en"),
    sa.Column("email", TEXT),
    sa.Column("address", TEXT),
    sa.Column("country", TEXT),
    sa.Column("terms_days", sa.Integer),
    sa.Column("salesperson", TEXT),
    sa.Column("department", TEXT),
    sa.Column("external_id", TEXT),
    sa.Column("customer_group", TEXT),
    sa.Index("ix_customers_customer_group", "customer_group"),
)

#: products and services; written by `tieout import products`
products = sa.Table(
    "products",
    metadata,
    sa.Column("sku", TEXT, primary_key=True),
    sa.Column("name", TEXT, nullable=False),
    sa.Column("category", TEXT),
    sa.Column("unit", TEXT),
)

#: every state that a customer or a product has had, numbered from 1
master_history = sa.Table(
    "master_history",
    metadata,
    sa.Column("kind", TEXT, primary_key=True),
    sa.Column("record_id", TEXT, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("record", JSONB, nullable=False),
    sa.Column("changed_at", INSTANT, nullable=False),
)

#: files that were imported, by the hash of their bytes; written by the imports, as the two tables behind it
imported_files = sa.Table(
    "imported_files",
    metadata,
    sa.Column("kind", TEXT, primary_key=True),
    sa.Column("sha256", TEXT, primary_key=True),
    sa.Column("file_name", TEXT, nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("rows_refused", sa.BigInteger, nullable=False),
    sa.Column("imported_at", INSTANT, nullable=False),
)

#: customers' statements that files brought, each version with the file that it came from
imported_statements = sa.Table(
    "imported_statements",
    metadata,
    sa.Column("customer_id", TEXT, primary_key=True),
    sa.Column("currency", TEXT, primary_key=True),
    sa.Column("statement_id", TEXT, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("life", TEXT, nullable=False),
    sa.Column("period_start", sa.Date, nullable=False),
    sa.Column("period_end", sa.Date, nullable=False),
    sa.Column("opening_minor", sa.BigInteger, nullable=False),
    sa.Column("closing_minor", sa.BigInteger, nullable=False),
    sa.Column("digest", TEXT, nullable=False),
    sa.Column("file_sha256", TEXT, nullable=False),
    sa.Column("imported_at", INSTANT, nullable=False),
)

#: receipts that bank files brought, and whose each is; decided once, before it is sent
imported_receipts = sa.Table(
    "imported_receipts",
    metadata,
    sa.Column("receipt_key", TEXT, primary_key=True),
    sa.Column("customer_id", TEXT, nullable=False),
    sa.Column("identified_by", TEXT, nullable=False),
    sa.Column("file_sha256", TEXT, nullable=False),
    sa.Column("decided_at", INSTANT, nullable=False),
    sa.Column("sent_at", INSTANT),
)

#: accounts that customers pay from, without spaces, in capitals; written by `tieout import customers`
customer_accounts = sa.Table(
    "customer_accounts",
    metadata,
    sa.Column("customer_id", TEXT, primary_key=True),
    sa.Column("account", TEXT, primary_key=True),
)

#: how a customer's files are laid out
import_layouts = sa.Table(
    "import_layouts",
    metadata,
    sa.Column("customer_id", TEXT, primary_key=True),
    sa.Column("layout", JSONB, nullable=False),
    sa.Column("changed_at", INSTANT, nullable=False),
)

#: statements issued by the report service: one row a version; a later version of a period is a restatement
statements = sa.Table(
    "statements",
    metadata,
    sa.Column("customer_id", TEXT, primary_key=True),
    sa.Column("currency", TEXT, primary_key=True),
    sa.Column("period_start", sa.Date, primary_key=True),
    sa.Column("period_end", sa.Date, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("statement_no", TEXT, nullable=False),
    sa.Column("opening_minor", sa.BigInteger, nullable=False),
    sa.Column("debit_minor", sa.BigInteger, nullable=False),
    sa.Column("credit_minor", sa.BigInteger, nullable=False),
    sa.Column("closing_minor", sa.BigInteger, nullable=False),
    sa.Column("digest", TEXT, nullable=False),
    sa.Column("figures", JSONB, nullable=False),  # what the digest covers: lines, open items, ageing
    sa.Column("issued_at", INSTANT, nullable=False),
)

#: reminders and alerts that were decided; written by their services before the message is sent
notices = sa.Table(
    "notices",
    metadata,
    sa.Column("notice_id", TEXT, primary_key=True),
    sa.Column("notice_kind", TEXT, nullable=False),
    sa.Column("customer_id", TEXT, nullable=False),
    sa.Column("currency", TEXT, nullable=False),
    sa.Column("document_no", TEXT),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("severity", TEXT, nullable=False),
    sa.Column("language", TEXT, nullable=False),
    sa.Column("subject", TEXT, nullable=False),
    sa.Column("body", TEXT, nullable=False),
    sa.Column("created_at", INSTANT, nullable=False),
    sa.Column("state", TEXT, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("sent_at", INSTANT),
    sa.Column("last_error", TEXT),
    # what the notice is about: a discrepancy_id or an item_id; lets a later change withdraw what still waits
    sa.Column("cause_id", TEXT, nullable=False, server_default=""),
    # not sent before: the grace of a fresh finding, the lease of a sender, the back-off after a failure
    sa.Column("not_before", INSTANT),
    # fingerprints of the channels that have it, so that a retry goes to the others only
    sa.Column("delivered_to", JSONB, nullable=False, server_default="[]"),
    sa.Column("published_at", INSTANT),
    sa.Index("ix_notices_state", "state", "created_at"),
    sa.Index("ix_notices_cause", "notice_kind", "cause_id"),
)

#: ids of our Avro schemas where no Schema Registry is configured
schema_ids = sa.Table(
    "schema_ids",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("fingerprint", TEXT, nullable=False, unique=True),
    sa.Column("subject", TEXT, nullable=False),
    sa.Column("schema_json", TEXT, nullable=False),
)

#: what can be made again from the topics: the projector's tables and the places of consumers; never in a backup
DERIVED: Final = frozenset(
    table.name
    for table in (
        ledger_entries,
        refused_entries,
        open_items,
        allocations,
        balances,
        discrepancies,
        discrepancy_history,
        statement_comparisons,
        dead_letters,
        consumer_offsets,
    )
)
