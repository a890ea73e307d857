import { sentence } from "../ui/format";

interface Props {
  /** Reads the rows that are older than those that are shown; null when there are none. */
  older: (() => void) | null;
  testid?: string;
  /** What went wrong. */
  problem: string;
  /** Why there are no rows; empty where there are. */
  none: string;
}

/** What stands below a table that is read a page at a time. */
export function Foot({ older, testid, problem, none }: Props) {
  return (
    <>
      {older !== null && (
        <p class="c-pad">
          <button class="button small" data-testid={testid} onClick={older}>
            Older ones
          </button>
        </p>
      )}
      {problem !== "" ? (
        <div class="empty c-problem" role="status">
          {sentence(problem)}
        </div>
      ) : (
        none !== "" && <div class="empty">{none}</div>
      )}
    </>
  );
}
