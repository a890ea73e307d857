import { render as draw } from "preact";
import { useState } from "preact/hooks";
import { useFont } from "../theme/font";
import { keptTheme } from "../theme/kept";
import { shade } from "../theme/system";
import elements from "../theme/theme.css";
import variables from "../theme/variables.css";
import { Mark } from "../ui/brand";
import type { TokensOut } from "../wire/answers";
import { Rest } from "../wire/rest";
import { LoginForm } from "./login-form";
import styles from "./login.css";
import { PasswordForm } from "./password-form";

interface Props {
  rest: Rest;
  signUp: "open" | "code" | "closed";
  /** Where to go after, which the server has checked; empty for one's own page. */
  next: string;
  /** How the log-in ended with which somebody came, in the server's sentence; empty for who had none. */
  why: string;
}

function Login({ rest, signUp, next, why }: Props) {
  const [mode, setMode] = useState<"login" | "sign-up">("login");
  const [oneTime, setOneTime] = useState<string | null>(null);
  const go = (): void => location.assign(next || "/");

  function entered(tokens: TokensOut, password: string): void {
    if (tokens.user.must_change_password) setOneTime(password);
    else go();
  }

  return (
    <div class="login-card">
      <div class="login-brand">
        <Mark /> workbench
      </div>
      {oneTime === null ? (
        <LoginForm rest={rest} mode={mode} signUp={signUp} why={why} onMode={setMode} onIn={entered} />
      ) : (
        <PasswordForm rest={rest} old={oneTime} onDone={go} />
      )}
    </div>
  );
}

function oneOf(value: string | undefined): Props["signUp"] {
  return value === "open" || value === "code" ? value : "closed";
}

/** Draw the form into the page's element, which says where to go on and who may sign up. */
export function mount(el: HTMLElement): void {
  const { api = "", next = "", signUp, why = "" } = el.dataset;
  const shadow = el.shadowRoot ?? el.attachShadow({ mode: "open" });
  const rest = new Rest(api, () => undefined);
  // Before the font has come and anything is drawn.
  document.documentElement.dataset.theme = shade(keptTheme());
  // In another font everything would stand elsewhere for a moment.
  void useFont().then(() => draw(<Page rest={rest} signUp={oneOf(signUp)} next={next} why={why} />, shadow));
}

function Page(props: Props) {
  const theme = shade(keptTheme());
  document.documentElement.dataset.theme = theme;
  return (
    <div class="root login-root" data-theme={theme}>
      <style>{variables + elements + styles}</style>
      <Login {...props} />
    </div>
  );
}

const place = document.getElementById("login");
if (place !== null) mount(place);
