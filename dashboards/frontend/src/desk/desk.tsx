import { computed } from "@preact/signals";
import { render as draw } from "preact";
import { useMemo } from "preact/hooks";
import loginStyles from "../login/login.css";
import { PasswordForm } from "../login/password-form";
import { useFont } from "../theme/font";
import { shade } from "../theme/system";
import theme from "../theme/theme.css";
import variables from "../theme/variables.css";
import { Boot, type PageModel } from "./boot";
import type { Desk } from "./desk-context";
import { panelStyles } from "./panel-styles";
import { NoSession, Opening, Sessions } from "./shell/opening";
import shellStyles from "./shell/shell.css";
import { Shell } from "./shell/shell";

export type { Desk } from "./desk-context";

const STYLES = [variables, theme, loginStyles, shellStyles, panelStyles].join("\n");

/** Whether everything that a look at the desk needs has come. */
function isReady({ store }: Desk): boolean {
  const symbol = store.symbol.value;
  const depth = store.depth.value;
  const account = !store.seated.value || store.account.value.latest !== null;
  return symbol !== "" && account && depth.seq > 0;
}

function Stage({ boot }: { boot: Boot }) {
  const stage = boot.stage.value;
  switch (stage.name) {
    case "loading":
      return <Opening title="Opening the desk …" />;
    case "password":
      return (
        <main class="opening">
          <div class="opening-card">
            <PasswordForm rest={boot.rest} onDone={() => void boot.start()} />
          </div>
        </main>
      );
    case "choose":
      return <Sessions sessions={stage.sessions} over={stage.over} sentence={stage.sentence} />;
    case "none":
      return <NoSession over={stage.over} />;
    case "problem":
      return (
        <Opening title="The desk cannot be opened">
          <p role="alert">{stage.sentence}</p>
          <button class="button primary" onClick={() => void boot.start()}>
            Try again
          </button>
        </Opening>
      );
    case "desk":
      return <Shell desk={stage.desk} />;
  }
}

function Page({ boot }: { boot: Boot }) {
  const { settings } = boot.ui;
  const ready = useMemo(() => computed(() => boot.stage.value.name === "desk" && isReady(boot.stage.value.desk)), [boot]);
  return (
    <div
      class="root"
      data-testid="desk"
      data-ready={String(ready.value)}
      data-stage={boot.stage.value.name}
      data-theme={shade(settings.theme.value)}
      data-colours={settings.upDown.value}
    >
      <Stage boot={boot} />
    </div>
  );
}

/** Draw the desk into a component's shadow root; what is returned ends it. */
export function render({ model, el }: { model: PageModel; el: HTMLElement }): () => void {
  const boot = new Boot(model);
  let ended = false;
  void useFont().then(() => {
    if (ended) return;
    draw(
      <>
        <style>{STYLES}</style>
        <Page boot={boot} />
      </>,
      el,
    );
  });
  void boot.start();
  return () => {
    ended = true;
    boot.close();
    draw(null, el);
  };
}
