import { effect } from "@preact/signals-core";
import { isRead, keepMarks, loadMarks, marksKey, NOTHING_READ } from "../../store/read-marks";
import type { SessionOut } from "../../wire/answers";
import type { Desk } from "../desk-context";

/** Keep in this browser which announcements the user has read in this session. Returns what ends it. */
export function keepRead({ rest, store, session, me }: Desk): () => void {
  let ended = false;
  let stop = (): void => undefined;
  // The identity, for another session under the same name has other announcements with the same numbers.
  const begin = async (): Promise<void> => {
    const { identity } = await rest.get<SessionOut>(`/api/sessions/${encodeURIComponent(session)}`);
    if (ended) return;
    const key = marksKey(me.user_id, identity);
    const kept = loadMarks(localStorage, key);
    // What was read before the answer came counts as well.
    const early = store.readMarks.peek();
    store.readMarks.value = early === NOTHING_READ || isRead(kept, early.upTo) ? kept : early;
    stop = effect(() => keepMarks(localStorage, key, store.readMarks.value));
  };
  begin().catch(() => undefined);
  return () => {
    ended = true;
    stop();
  };
}
