"""The tests of the server's stream, each once more through a gateway: nobody can tell the two apart."""

from tests.api.native.test_stream import (
    ann,
    test_a_reader_resumes_and_gets_what_it_missed,
    test_a_replace_is_acknowledged_with_the_successor,
    test_a_revoked_log_in_ends_its_streams_at_once,
    test_a_ticket_opens_one_stream,
    test_a_topic_that_there_is_not_is_refused,
    test_a_user_has_so_many_streams_and_no_more,
    test_an_order_is_acknowledged_and_told_of,
    test_an_order_that_makes_no_sense_is_refused_in_a_sentence,
    test_an_unknown_session_ends_the_stream_with_a_sentence,
    test_garbage_is_answered_and_much_of_it_ends_the_stream,
    test_nobody_gets_in_without_saying_who_they_are,
    test_only_who_may_read_the_class_reads_everybodys_orders,
    test_the_market_is_told_as_snapshot_and_deltas,
    test_who_may_not_trade_cannot_place_orders,
)
from tests.api.native.test_stream_own import (
    test_more_than_may_wait_at_once_is_told_again_whole,
    test_the_first_orders_of_a_stream_happen_in_the_order_in_which_they_were_sent,
    test_what_happens_while_a_long_one_is_told_is_told_after_it,
)

__all__ = [
    "ann",
    "test_a_reader_resumes_and_gets_what_it_missed",
    "test_a_replace_is_acknowledged_with_the_successor",
    "test_a_revoked_log_in_ends_its_streams_at_once",
    "test_a_ticket_opens_one_stream",
    "test_a_topic_that_there_is_not_is_refused",
    "test_a_user_has_so_many_streams_and_no_more",
    "test_an_order_is_acknowledged_and_told_of",
    "test_an_order_that_makes_no_sense_is_refused_in_a_sentence",
    "test_an_unknown_session_ends_the_stream_with_a_sentence",
    "test_garbage_is_answered_and_much_of_it_ends_the_stream",
    "test_more_than_may_wait_at_once_is_told_again_whole",
    "test_nobody_gets_in_without_saying_who_they_are",
    "test_only_who_may_read_the_class_reads_everybodys_orders",
    "test_the_first_orders_of_a_stream_happen_in_the_order_in_which_they_were_sent",
    "test_the_market_is_told_as_snapshot_and_deltas",
    "test_what_happens_while_a_long_one_is_told_is_told_after_it",
    "test_who_may_not_trade_cannot_place_orders",
]
