import type { Me } from "../store/types";
import type { Store } from "../store/store";
import type { Ui } from "../ui/ui";
import type { Rest } from "../wire/rest";
import type { Stream } from "../wire/stream";

/** What every panel is given. */
export interface Desk {
  rest: Rest;
  stream: Stream;
  store: Store;
  ui: Ui;
  session: string;
  me: Me;
}
