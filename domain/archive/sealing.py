"""Which closed records may leave the hot state: those that provably stand for themselves.

Records that are settled among themselves form a group. A set of groups is sealed only after it was reviewed alone and
came to exactly what is announced of it, and only where nothing that stays could have to do with it (``Notes``). So the
account's review without the segment gives what the review with it would, until an event asks for it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence

from domain.archive.notes import Notes, clusters_of, tag
from domain.archive.shelf import Label, Segment, Shelf, payers_tag
from domain.books import Account, Book, Record
from domain.matching.forms import DocumentIndex
from domain.review import Reviewed, item_figures, linked, looks_elsewhere, review_records
from domain.rules import STAGES_BY_PRIORITY, RulesByDate

#: records of one segment, about
SEGMENT_RECORDS = 64
#: the newest closed records stay: they are the likeliest to be asked for
KEEP_CLOSED = 16
#: of what was matched without a reference only this may leave, and only where it is the first stage: later ones
#: share the steps of a search, or look at money and documents of any amount
_MAY_LEAVE = "amount_and_date"

Group = tuple[str, ...]


def seal(
    book: Book, currency: str, shelf: Shelf, rules: RulesByDate, first_number: int
) -> list[tuple[Label, Segment]]:
    """Take what may leave out of the account and put its labels on the shelf. Numbers count from ``first_number``."""
    run = _Sealing(book, currency, shelf, rules)
    sealed: list[tuple[Label, Segment]] = []
    for keys in run.choices():
        sealed += run.sealed(keys, first_number + len(sealed))
    return sealed


def unseal(account: Account, segment: Segment) -> None:
    """Take the records of a segment back into the hot state."""
    account.records.update(segment.records)
    account.allocations.update(segment.allocations)


class _Sealing:
    def __init__(self, book: Book, currency: str, shelf: Shelf, rules: RulesByDate) -> None:
        self._book = book
        self._account = book.accounts[currency]
        self._currency = currency
        self._shelf = shelf
        self._rules = rules
        # Where the rules changed, receipts of an earlier time go first through all stages.
        one = rules.every[0] if len(rules.every) == 1 else None
        first = one.matching.stages[:1] if one is not None else ()
        self._staying = frozenset(STAGES_BY_PRIORITY).difference(
            (_MAY_LEAVE,) if first == (_MAY_LEAVE,) else ()
        )
        self._exactly = not any(one.tolerant for one in rules.every)
        self._pairs_of: dict[str, list[tuple[str, str]]] = {}
        for pair in self._account.allocations:
            self._pairs_of.setdefault(pair[0], []).append(pair)
        self._payers: frozenset[str] = frozenset()
        whole = self._review(self._account.records)
        self._payers = frozenset(whole.notes.payers) | shelf.payers()

    def _review(self, keys: Collection[str]) -> Reviewed:
        records = {key: self._account.records[key] for key in keys}
        notes = Notes(other_payers=self._payers)
        return review_records(self._book.customer_id, self._currency, records, self._rules, notes)

    def choices(self) -> Iterator[Group]:
        """Records for one segment each, the oldest first, that nothing that stays has to do with."""
        groups = self._closed_groups()
        groups = groups[: _count_but(groups, KEEP_CLOSED)]
        alone = {group: notes for group in groups if (notes := self._stands_alone(group)) is not None}
        elsewhere = self._asked_elsewhere()
        while alone:
            leaving = {key for group in alone for key in group}
            # Reviewed anew each time: records that stay together may ask what none of them asked alone.
            rest = self._review([key for key in self._account.records if key not in leaving]).notes
            rest.asked |= elsewhere
            staying = [group for group, notes in alone.items() if notes.meets(rest, exactly=self._exactly)]
            if not staying:
                break
            for group in staying:
                del alone[group]
        yield from self._packed(list(alone.items()))

    def _asked_elsewhere(self) -> set[int]:
        """What the customer's accounts in other currencies look for here."""
        notes = Notes()
        nothing_here = DocumentIndex((), notes)

        def look(reference: str) -> None:
            nothing_here.resolve(reference)

        for currency, account in self._book.accounts.items():
            if currency != self._currency and looks_elsewhere(account):
                review_records(self._book.customer_id, currency, account.records, self._rules, None, look)
        return notes.asked

    def sealed(self, keys: Group, number: int) -> list[tuple[Label, Segment]]:
        """The segment, taken out of the account; none where together they do not stand for themselves."""
        notes = self._stands_alone(keys)
        if notes is not None:
            self._shelf.want(notes, exactly=self._exactly)
        if notes is None or self._shelf.wanted:
            self._shelf.wanted.clear()
            return []
        label = Label(
            number,
            tuple(sorted(tag("record", key) for key in keys)),
            tuple(sorted(notes.asked)),
            tuple(sorted(notes.answered)),
            tuple(sorted(notes.receipts)),
            tuple(sorted(notes.documents)),
            tuple(sorted(notes.payers)),
            payers_tag(self._payers),
        )
        account = self._account
        allocations = {p: account.allocations.pop(p) for key in keys for p in self._pairs_of.get(key, ())}
        segment = Segment({key: account.records.pop(key) for key in keys}, allocations)
        self._shelf.add(label)
        return [(label, segment)]

    def _closed_groups(self) -> list[Group]:
        """Closed records with all that they are settled with, by their earliest date."""
        account = self._account
        leader: dict[str, str] = {key: key for key in account.records}

        def find(key: str) -> str:
            while leader[key] != key:
                leader[key] = key = leader[leader[key]]
            return key

        barred = {
            key for key, record in account.records.items() if not _closed(record.item) or _rules_over(record)
        }
        for pair, link in account.allocations.items():
            one, other = sorted(map(find, pair))
            leader[other] = one
            if not link.confirmed or link.rule in self._staying:
                barred.update(pair)
        members: dict[str, list[str]] = {}
        for key in account.records:
            members.setdefault(find(key), []).append(key)
        closed = [tuple(sorted(keys)) for keys in members.values() if barred.isdisjoint(keys)]
        return sorted(closed, key=lambda keys: (self._earliest(keys), keys))

    def _earliest(self, keys: Group) -> dt.date:
        return min(self._account.records[key].current.business_date for key in keys)

    def _stands_alone(self, keys: Group) -> Notes | None:
        """What reviewing these records alone notes, if that comes to what is announced of them."""
        account = self._account
        found = self._review(keys)
        settlement = found.settlement
        pairs = {pair: linked(allocation) for pair, allocation in settlement.allocations.items()}
        same = (
            not found.findings
            and all(item_figures(settlement, key) == account.records[key].item for key in keys)
            and all(account.allocations.get(pair) == link for pair, link in pairs.items())
            and len(pairs) == sum(len(self._pairs_of.get(key, ())) for key in keys)
        )
        return found.notes if same else None

    def _packed(self, groups: Sequence[tuple[Group, Notes]]) -> Iterator[Group]:
        """Groups that have to do with each other together, and such clusters side by side up to a segment's size."""
        keys: list[str] = []
        for cluster in clusters_of([notes for _, notes in groups], exactly=self._exactly):
            more = [key for at in cluster for key in groups[at][0]]
            if keys and len(keys) + len(more) > SEGMENT_RECORDS:
                yield tuple(sorted(keys))
                keys = []
            keys += more
        if keys:
            yield tuple(sorted(keys))


def _rules_over(record: Record) -> bool:
    """Whether a version of it is a person's word on others: they are read with it, and it asks nothing of them."""
    return any(fact.instruction is not None or fact.correction is not None for fact in record.facts)


def _closed(item: object) -> bool:
    return getattr(item, "state", None) in ("CLEARED", "CANCELLED")


def _count_but(groups: Sequence[Group], kept: int) -> int:
    """How many groups to take from the front so that the others have at least ``kept`` records."""
    count = len(groups)
    while count and kept > 0:
        count -= 1
        kept -= len(groups[count])
    return count
