import type { Pages } from "./pages";

/** What stands below the last row while more is read, and when it could not be. */
export function PageFoot<R>({ pages, more }: { pages: Pages<R>; more: () => void }) {
  const problem = pages.problem.value;
  if (problem !== "") {
    return (
      <div class="page-foot" role="alert">
        <span>{problem}</span>
        <button type="button" class="button" onClick={more}>
          Try again
        </button>
      </div>
    );
  }
  return pages.loading.value ? <div class="page-foot dim">Reading older ones …</div> : null;
}
