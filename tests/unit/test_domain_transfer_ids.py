"""Ids of transfers: a whole number in them names a document, what they end with does not."""

from __future__ import annotations

import pytest

from tests.unit.ledger_teller import holds, scenario


@scenario
def test_the_count_of_a_payers_runs_is_no_running_number() -> None:
    """
    invoice  2026-02-02  2026-0013  107.90
    invoice  2026-06-02  2026-0022  107.90
    payment  2026-06-11  P-77       107.90  end_to_end_id ZL2218-013  text "Zahlung"
    => balance 107.90
    => match P-77 2026-0013 107.90 suggested amount_and_date
    => match P-77 2026-0022 107.90 suggested amount_and_date
    """


@scenario
def test_figures_in_an_id_made_at_random_are_no_number() -> None:
    """
    invoice  2026-04-02  404790  654.00  order_id SO-01173
    invoice  2026-05-02  404797  654.00  order_id SO-01181
    payment  2026-05-03  P-77    654.00  end_to_end_id C79C06AFE181
    => balance 654.00
    => match P-77 404790 654.00 suggested amount_and_date
    => match P-77 404797 654.00 suggested amount_and_date
    """


@scenario
def test_an_id_does_not_say_where_what_is_over_goes() -> None:
    """
    invoice  2026-01-10  3063  1050.15
    payment  2026-01-20  P-77  1100.15  end_to_end_id ZL860-101  text "invoice # 3063"
    invoice  2026-05-03  3101    50.00
    => balance 0
    => OVERPAYMENT 3063 50.00
    => match P-77 3063 1050.15 confirmed remittance_text:exact_document
    """


@pytest.mark.parametrize(
    "reference", ["RE-26-0042", "NOTPROVIDED RE-26-0042", "ZL9-RE260042", "26-0042", "R260042"]
)
def test_a_whole_number_in_an_id_is_a_name(reference: str) -> None:
    holds(
        f"""
        invoice  2026-01-05  RE-26-0041  107.90
        invoice  2026-01-05  RE-26-0042  107.90
        payment  2026-01-20  P-77        107.90  end_to_end_id "{reference}"
        => balance 107.90
        => match P-77 RE-26-0042 107.90 confirmed remittance_text:transfer
        """
    )


@pytest.mark.parametrize(
    "reference", ["ZL9-260042", "ZL260042-7", "9-3101", "ZL218-3101", "1-26-0042", "1181"]
)
def test_figures_beside_others_in_an_id_are_no_name(reference: str) -> None:
    holds(
        f"""
        invoice  2026-01-05  RE-26-0041  107.90
        invoice  2026-01-05  RE-26-0042  107.90
        invoice  2026-01-06  3101        107.90  order_id SO-01181
        payment  2026-01-20  P-77        107.90  end_to_end_id "{reference}"
        => balance 215.80
        => match P-77 RE-26-0041 107.90 suggested amount_and_date
        => match P-77 3101 107.90 suggested amount_and_date
        """
    )
