"""A subscription with a thread of its own."""

from __future__ import annotations

from threading import Thread, current_thread

from workbench.bus.delivery import Delivery
from workbench.bus.port import Handler
from workbench.bus.ring import Ring


class Following(Delivery):
    """Handles batches in its own thread, and sleeps while there are none."""

    def __init__(self, name: str, ring: Ring, from_seq: int, handler: Handler) -> None:
        super().__init__(name, ring, from_seq, handler)
        self._thread = Thread(target=self._run, name=f"bus {ring.shard} {name}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it; when this returns the handler is not running and will not run again."""
        self._closed = True
        with self._ring.changed:
            self._ring.changed.notify_all()
        super().close()
        if not self._is_own_thread():
            self._thread.join()

    def _is_own_thread(self) -> bool:
        return current_thread() is self._thread

    def _run(self) -> None:
        ring = self._ring
        while not self._closed:
            batches = ring.take(self._seq + 1)
            if batches is None:
                self._catch_up()
            elif not batches:
                with ring.changed:
                    ring.changed.wait_for(lambda: self._closed or ring.last_seq > self._seq)
            else:
                for batch in batches:
                    if not self._done(self._hand_over(batch)):
                        break

    def _catch_up(self) -> None:
        """Handle what is older than the ring, until that ends or something fails."""
        past = self._older()
        while not self._closed:
            try:
                batch = self._next_older(past)
            except Exception as error:  # noqa: BLE001 - history is somebody else's code
                self._done(self._failed("could not read what came before", error))
                return
            if batch is None or not self._done(self._hand_over(batch)):
                return

    def _done(self, delay_seconds: float) -> bool:
        """Whether to go on with the next batch; if not, after a while."""
        if delay_seconds:
            with self._ring.changed:
                self._ring.changed.wait_for(lambda: self._closed, delay_seconds)
        return not delay_seconds and not self._closed
