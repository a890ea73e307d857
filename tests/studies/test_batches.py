"""How settings are dealt out to workers."""

from tests.studies.examples import random_bars
from workbench.studies.batches import Batches
from workbench.studies.kept_data import keep
from workbench.studies.sweep_work import Done, Task
from workbench.studies.terms import Terms


def dealt(counts, workers, seconds_each, tmp_path):
    """Sizes of the tasks when each setting takes so long, and what was in them."""
    kept = keep("bars", random_bars(3), tmp_path)

    def source(number):
        def task(begin, end):
            return Task(kept, tuple((f"{number}-{i}", {}) for i in range(begin, end)), b"", Terms())

        return counts[number], task

    batches = Batches([source(number) for number in range(len(counts))], workers)
    sizes, keys = [], []
    while (task := batches.next()) is not None:
        keys += [key for key, _ in task.settings]
        sizes.append(len(task.settings))
        batches.took(Done([(key, {}) for key, _ in task.settings], seconds_each * len(task.settings)))
    assert keys == [f"{number}-{i}" for number, count in enumerate(counts) for i in range(count)]
    return sizes


def test_a_batch_takes_about_a_second(tmp_path):
    assert dealt([1_000], 2, 0.1, tmp_path)[:5] == [1, 10, 10, 10, 10]
    assert set(dealt([20], 2, 30.0, tmp_path)) == {1}


def test_the_last_ones_are_small_so_that_all_workers_end_together(tmp_path):
    sizes = dealt([1_000], 4, 0.0001, tmp_path)
    assert sizes[:2] == [1, 62]
    assert sizes[1:] == sorted(sizes[1:], reverse=True)
    assert sizes[-4:] == [1, 1, 1, 1]


def test_a_task_is_of_one_source(tmp_path):
    assert dealt([3, 0, 50], 1, 0.01, tmp_path)[:4] == [1, 2, 12, 9]
