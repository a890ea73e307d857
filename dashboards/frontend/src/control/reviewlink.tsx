import { isOver } from "./acts";
import type { House } from "./house";
import type { Room } from "./room";

/** The address of the review of a session's day, of everybody or of one. */
export function reviewPath(session: string, account = ""): string {
  const asked = new URLSearchParams({ session });
  if (account !== "") asked.set("account", account);
  return `/review?${asked.toString()}`;
}

/** The way to somebody's day, once it is over. */
export function ReviewLink({ house, room, account }: { house: House; room: Room; account: string }) {
  if (!isOver(room.session.value?.state)) return null;
  return (
    <a class="button small" data-testid="control-review" title="Look back at the day of this participant" href={house.rest.api + reviewPath(room.name, account)}>
      Review
    </a>
  );
}
