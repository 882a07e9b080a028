"""Defects in what belongs together on a customer's statement and in our books though no one number says so."""

from __future__ import annotations

from typing import Final

from tests.mutation.mutation import Mutation

BRIDGE = "domain/comparison/bridge.py"
COMBINED = "domain/comparison/combined.py"
COMPARE = "domain/comparison/compare.py"
JUDGE = "domain/comparison/judge.py"
CROSSING = "domain/comparison/crossing.py"
GATHER = "domain/comparison/gather.py"
LAY = "domain/comparison/lay.py"
NAMED = "domain/comparison/named.py"
TEXTS = "domain/comparison/texts.py"
TURNS = "domain/comparison/turns.py"
TWINS = "domain/comparison/twins.py"

STATEMENTS: Final = (
    # --- what a line names
    Mutation(
        "a number in a sentence is none",
        LAY,
        "            if references:\n                texts[place] = references\n",
        "",
    ),
    Mutation(
        "what a text names is not known to concern the statement",
        NAMED,
        "    plain += [part for number in plain for part in parts_of(number)]\n",
        "",
    ),
    Mutation("a year in a text is a number", TEXTS, "or not is_year(joined))", "or True)"),
    Mutation(
        "the end of a number names one of several",
        GATHER,
        "        if len(some) == 1:\n            wanted.append((some[0], line))",
        "        if some:\n            wanted.append((some[0], line))",
    ),
    Mutation(
        "two figures name a document whatever the day",
        GATHER,
        "(len(last) >= BARE_DIGITS_MIN or table.near(line, document))",
        "True",
    ),
    Mutation(
        "one figure names a document after other letters",
        TWINS,
        'or _letters(reference) in ("", _letters(number))',
        "or True",
    ),
    Mutation(
        "a list of invoices is not held against its amount",
        GATHER,
        "elif sum(map(table.net, documents)) != signed(line):",
        "elif len(documents) < 2:",
    ),
    Mutation(
        "a part of a list is taken from a line of all of it",
        GATHER,
        "    for line, keys in laid.lists:\n        table.loose[line.line_no] = line\n",
        "    for line, keys in sorted(laid.lists, key=lambda one: abs(signed(one[0]))):\n"
        "        table.loose[line.line_no] = line\n"
        "        exact = [laid.listed[k] for k in keys if k in table.unlisted]\n"
        "        exact = [d for d in exact if table.net(d) == signed(line)]\n"
        "        if len(exact) == 1:\n"
        "            table.put(exact[0], [line])\n"
        "            continue\n",
    ),
    # --- payments under the invoice that they pay
    Mutation(
        "a payment under its invoice is another amount of it",
        CROSSING,
        "if (found := [line for line in lines if crosses(line, table.documents[key])])",
        "if (found := [line for line in lines[:0] if crosses(line, table.documents[key])])",
    ),
    Mutation(
        "their own reversal of a double booking is a payment",
        CROSSING,
        "agree = not table.outside(document) and total(table.on_document[key]) == table.net(document)",
        "agree = False",
    ),
    Mutation(
        "what a payment says that it pays is not asked",
        CROSSING,
        "about_of([document for document, _ in documents], named) if named else {}",
        "about_of([], named)",
    ),
    Mutation(
        "the lines of a payment are not told by what it pays of each",
        CROSSING,
        "for find in (_as_claimed, _alone, _together):",
        "for find in (_alone, _together):",
    ),
    Mutation(
        "the lines of a payment are not added up",
        CROSSING,
        "for find in (_as_claimed, _alone, _together):",
        "for find in (_as_claimed, _alone):",
    ),
    Mutation(
        "a payment under its invoice may be of any amount",
        CROSSING,
        "            and abs(total(lines) - net) * NEAR_SHARE <= abs(net)\n",
        "",
    ),
    Mutation(
        "a line is laid on each payment of its invoice",
        CROSSING,
        "            and shared.isdisjoint(line.line_no for line in lines)\n",
        "",
    ),
    Mutation(
        "a payment on the wrong side is an invoice of its amount",
        GATHER,
        "    give_back_wrong_sides(table, credits_only=True)\n",
        "",
    ),
    Mutation(
        "a line on the wrong side of an invoice is a payment that we miss",
        GATHER,
        "    give_back_wrong_sides(table)\n",
        "",
    ),
    # --- the same by amount and date
    Mutation(
        "more lines than documents go together",
        TWINS,
        "if len(theirs) == len(ours) and all(",
        "if all(",
    ),
    Mutation(
        "as many lines as documents do not go together",
        TWINS,
        "steps = [self._alone, self._in_a_row]",
        "steps = [self._alone]",
    ),
    Mutation(
        "lines without numbers are not told by their day first",
        TWINS,
        "            steps += [self._of_one_day, self._as_they_come]",
        "            steps += [self._as_they_come]",
    ),
    Mutation(
        "a line without a number is a wrong number",
        GATHER,
        "            or unnumbered(line)\n",
        "",
    ),
    Mutation("two vouchers are a series", GATHER, "OWN_SERIES_MIN: Final = 3", "OWN_SERIES_MIN: Final = 1"),
    Mutation(
        "a series of theirs is a mistake in each",
        GATHER,
        "if group.documents[0].kind in own else group",
        "if False else group",
    ),
    Mutation(
        "a series of theirs is one in spite of our numbers",
        GATHER,
        "OWN_SERIES_SHARE: Final = 10",
        "OWN_SERIES_SHARE: Final = 1",
    ),
    Mutation(
        "a line beside the right one is always another amount",
        GATHER,
        "if len(lines) < 2 or len(right) != 1 or total(lines) == net:",
        "if True:",
    ),
    # --- netted, in parts, together
    Mutation(
        "a write-off is netted",
        COMBINED,
        "        if table.unlisted[other].kind is not EntryKind.WRITE_OFF:\n",
        "        if other:\n",
    ),
    Mutation(
        "a cancelled invoice is netted with another of its amount",
        COMBINED,
        "    if table.net(document) * table.net(other) <= 0:\n        return False\n",
        "",
    ),
    Mutation(
        "a line twice is another document of its amount",
        COMBINED,
        "beside = [] if whole else [",
        "beside = [",
    ),
    Mutation(
        "a deducted credit note is missing",
        COMBINED,
        "return deducted or (",
        "return (",
    ),
    Mutation(
        "a credit note of the invoice is missing",
        COMBINED,
        "for some in (list(related.values()), [d for d in related.values() if d in exact], beside):",
        "for some in (beside,):",
    ),
    Mutation(
        "lines of one voucher stand alone", COMBINED, "for name_of in (_voucher, _day):", "for name_of in ():"
    ),
    Mutation(
        "two lines share the documents of a collective line",
        COMBINED,
        "        if all(often[document.key] == 1 for document in run):\n",
        "        if run:\n",
    ),
    Mutation(
        "a small sum is a collective line",
        COMBINED,
        "if len(runs) == 1 and tried * _PPM <= abs(signed(line)) * most_ppm:",
        "if len(runs) == 1:",
    ),
    Mutation(
        "the first of two equal lines is the right one",
        JUDGE,
        "nearest = sorted(lines, key=lambda line: abs((line.date - our_date).days))",
        "nearest = lines",
    ),
    Mutation("four other dates are a habit", COMPARE, "OWN_DATES_MIN: Final = 5", "OWN_DATES_MIN: Final = 4"),
    Mutation(
        "a few other dates among many are a habit",
        COMPARE,
        " or other <= agreed + sum(v.outcome is Outcome.MATCHED for v in verdicts):",
        ":",
    ),
    # --- at the turn of two periods
    Mutation(
        "money in transit is missing",
        JUDGE,
        "other_period = turned(self._desk, self._statement, found, self._rules)",
        "other_period = type(turned(self._desk, self._statement, found, self._rules))()",
    ),
    Mutation(
        "what is on its way stands as near as a date that is booked otherwise",
        TURNS,
        "dt.timedelta(days=rules.transit_days)",
        "dt.timedelta(days=rules.date_window_days)",
    ),
    Mutation(
        "what is on its way is the same only as near as a date that is booked otherwise",
        TURNS,
        "twins(lines, ours, rules.transit_days, nameless)",
        "twins(lines, ours, rules.date_window_days, nameless)",
    ),
    Mutation(
        "what arrives after days on its way is not compared again",
        "domain/comparison/unmoved.py",
        "rules.on(end).transit_days",
        "rules.on(end).date_window_days",
    ),
    Mutation(
        "what another statement names is in transit",
        TURNS,
        "    return [document for document in documents if document.key not in named]",
        "    return documents",
    ),
    Mutation(
        "a write-off is in transit",
        TURNS,
        "        and document.kind is not EntryKind.WRITE_OFF\n",
        "",
    ),
    Mutation(
        "what they had in their last statement is a step of this one",
        BRIDGE,
        "        return verdict.action is Action.COMPARE_EARLIER\n",
        "        return False\n",
    ),
    # --- what names it more surely
    Mutation(
        "a running number of theirs goes before our number in the reference",
        LAY,
        " and resolved.rule is not ReferenceRule.BARE:",
        ":",
    ),
    Mutation(
        "of figures alone the first are meant whatever their amount",
        LAY,
        "for document in (*right, *weak)",
        "for document in weak",
    ),
    Mutation(
        "a number of another period is right whatever the amount",
        GATHER,
        "return [line for line in lines if signed(line) != whole]",
        "return []",
    ),
    Mutation(
        "a line of another period's document and amount goes to what has its amount here",
        GATHER,
        "return [line for line in lines if signed(line) != whole]",
        "return list(lines)",
    ),
    Mutation(
        "equal parts of a document are one line twice",
        JUDGE,
        "if (abs(theirs) > abs(ours) or theirs * ours < 0) and len(lines) > 1:",
        "if theirs != ours and len(lines) > 1:",
    ),
    # --- what says no number
    Mutation(
        "the figure of a month is a number",
        TEXTS,
        "_with_figures(without_months(text))",
        "_with_figures(text)",
    ),
    Mutation(
        "a word is the number of a voucher",
        COMBINED,
        'squeeze(line.document_no) if holds_a_number(line.document_no) else ""',
        "squeeze(line.document_no)",
    ),
    Mutation(
        "the figure of a month ends a number",
        GATHER,
        ' if holds_a_number(line.document_no) else ""',
        "",
    ),
    # --- payments under their invoices
    Mutation(
        "payments that come to an invoice listed twice take it back",
        CROSSING,
        "if agree and (key not in twice or",
        "if agree and (True or",
    ),
    Mutation(
        "an invoice booked twice and taken back once is paid",
        CROSSING,
        "back = [line for line in lines if -signed(line) in figures]",
        "back: list[StatementLine] = []",
    ),
    Mutation(
        "a payment of an invoice listed twice takes it back",
        CROSSING,
        "abs(signed(line)) == amount and table.near(line, one) for one, amount in paying",
        "False for one, amount in paying",
    ),
    Mutation(
        "a payment of another day is no line that takes back",
        CROSSING,
        " and table.near(line, one) for one, amount in paying",
        " for one, amount in paying",
    ),
    Mutation(
        "an invoice that nobody here knows is a wrong number of its payment",
        GATHER,
        "            or says_so(line, document)\n",
        "",
    ),
    Mutation(
        "payments and credit notes are two series",
        GATHER,
        "for kind in often), _LOWERING, ",
        "for kind in often), ",
    ),
    Mutation("no series is of everything", GATHER, " _LOWERING, frozenset(EntryKind))", " _LOWERING)"),
    Mutation(
        "a payment of several invoices pays none of them in part",
        CROSSING,
        "said = {abs(table.net(document)), *amounts}",
        "said = {abs(table.net(document))}",
    ),
)
