"""The job that every peer does, exactly.

**Input.** Three co-partitioned topics (orders, payments, refunds), keyed by customer, murmur2. Values are Avro
(`event.avsc`) behind the five bytes of a Schema Registry's wire format. Amounts are integer minor units.

**State**, one account per customer, in a changelogged table:

- ``balance``: what the customer owes: orders added, payments subtracted, refunds added (a negative refund is a
  credit note);
- ``count``: every record that was read, duplicates included, so that nothing lost or read twice can hide behind
  the deduplication;
- the last ``DEDUPLICATION_WINDOW`` event ids of each topic: a record whose id is among them changes the count only;
- open items, document → amount: orders without payment, payments without order, refunds without the discrepancy
  that they clear, and discrepancies that stand.

**Rules.** A document has at most one order, one payment, one refund.

1. When a document's order and payment are both known (whichever came last) they leave the open items. If
   ``difference = order − payment`` is not 0, a discrepancy is *opened*. Its id is the document's.
2. When the refund of such a document is known too, and ``difference + refund = 0``, the discrepancy is *retracted*
   under the same id. If the refund came first, both records are written, in this order.
3. A refund with document 0 changes the balance only.

**Output**: one record per opening and retraction (`finding.avsc`, the same wire format), keyed by customer, in the
partition of the same number.

**Exactly once**: state, outputs and input progress become visible together or not at all.

The rules are commutative over the topics, and a duplicate stands in its original's topic. So final state and the
multiset of outputs do not depend on how an engine interleaves the topics, and every engine can be held to the digest
of ``reference``, which computes both offline from the whole input by other means.
"""
