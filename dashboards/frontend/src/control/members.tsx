import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { said } from "../wire/rest";
import type { House } from "./house";
import { Passwords } from "./passwords";
import { upload, wrongLines } from "./upload";
import type { ClassOut, ImportedOut, MemberOut } from "./words";

/** The members of a class, and its roster as a file. */
export function Members({ house, of, changed }: { house: House; of: ClassOut; changed: () => Promise<void> }) {
  const members = useSignal<MemberOut[] | null>(null);
  const problem = useSignal("");
  const wrong = useSignal<{ line: number; what: string }[]>([]);
  const passwords = useSignal<ImportedOut[]>([]);
  const text = useSignal("");
  const { rest } = house;
  const base = `/api/classes/${of.class_id}`;
  const read = async (): Promise<void> => {
    try {
      members.value = (await rest.get<{ members: MemberOut[] }>(`${base}/members`)).members;
    } catch (refusal) {
      problem.value = said(refusal);
    }
  };
  useEffect(() => void read(), []);
  const bring = async (file: File): Promise<void> => {
    problem.value = "";
    wrong.value = [];
    try {
      // The log-in is renewed by what knows how, before bytes are sent that cannot be sent twice.
      await rest.get("/api/auth/me");
      const { imported } = await upload<{ imported: ImportedOut[] }>(`${rest.api}${base}/roster`, file);
      const fresh = imported.filter(({ password }) => password !== "");
      passwords.value = fresh;
      house.ui.toast("good", `${imported.length} lines of ${file.name} are in ${of.name}; ${fresh.length} users are new.`);
      await Promise.all([read(), changed()]);
    } catch (refusal) {
      problem.value = said(refusal);
      wrong.value = wrongLines(refusal);
    }
  };
  const reset = (member: MemberOut): void =>
    house.ask({
      title: `New password for ${member.name}`,
      text: `${member.name} is logged out everywhere, and the password of now is void. The new one can be used once, to choose another.`,
      fields: [],
      yes: "Reset password",
      danger: true,
      act: async () => {
        const { one_time_password: password } = await rest.post<{ one_time_password: string }>(`/api/users/${member.user_id}/reset-password`);
        passwords.value = [{ line: 0, user_id: member.user_id, name: member.name, became: "reset", password }];
        return "";
      },
    });
  const remove = (member: MemberOut): void =>
    house.ask({
      title: `Remove ${member.name}`,
      text: `Take ${member.name} out of ${of.name}? Sessions of this class are closed to them at once; seat and positions stay as they are.`,
      fields: [],
      yes: "Remove",
      danger: true,
      act: async () => {
        await rest.delete(`${base}/members/${member.user_id}`);
        house.ui.toast("good", `${member.name} is no longer in ${of.name}.`);
        await Promise.all([read(), changed()]);
        return "";
      },
    });
  const wanted = text.value.trim().toLowerCase();
  const shown = (members.value ?? []).filter((each) => [each.name, each.email, each.number].some((said_) => said_.toLowerCase().includes(wanted)));
  return (
    <section class="panel" data-testid="panel-members">
      <header>
        <span class="c-title" title={of.name}>{of.name}</span> <span class="dim">{of.code === "" ? "nobody joins by a code" : <>join code <b class="c-code">{of.code}</b></>}</span>
        <span class="c-fill" />
        <input class="input c-search" type="search" placeholder="Find a member" aria-label="Find a member" value={text.value} onInput={({ currentTarget }) => (text.value = currentTarget.value)} />
        <label class="button small" title="CSV with name, email, number; in whole or not at all">
          Import roster…
          <input
            class="sr"
            type="file"
            accept=".csv,text/csv"
            data-testid="roster-import"
            onChange={({ currentTarget }) => {
              const [file] = currentTarget.files ?? [];
              if (file !== undefined) void bring(file);
              currentTarget.value = "";
            }}
          />
        </label>
        <a class="button small" href={`${rest.api}${base}/roster`} download="roster.csv">
          Export roster
        </a>
      </header>
      {problem.value !== "" && (
        <div class="c-problem c-pad" role="alert">
          {problem.value}
          <ul>
            {wrong.value.map(({ line, what }) => (
              <li key={line}>
                line {line}: {what}
              </li>
            ))}
          </ul>
        </div>
      )}
      {passwords.value.length > 0 && <Passwords house={house} of={of} rows={passwords.value} close={() => (passwords.value = [])} />}
      <div class="body">
        <table>
          <thead>
            <tr>
              <th>Name</th>
              <th>E-mail</th>
              <th>Number</th>
              <th>Role</th>
              <th>Last login (UTC)</th>
              <th />
            </tr>
          </thead>
          <tbody>
            {shown.map((member) => (
              <tr key={member.user_id}>
                <td>{member.name}</td>
                <td>{member.email}</td>
                <td>{member.number}</td>
                <td>
                  {member.role}
                  {member.staff && <span class="c-tag">staff</span>}
                </td>
                <td>{member.last_login?.slice(0, 16).replace("T", " ") ?? "never"}</td>
                <td class="c-buttons">
                  <button class="button small" disabled={!house.may.value.has("manage_users")} onClick={() => reset(member)}>
                    Reset password
                  </button>
                  <button class="button small c-danger" disabled={member.staff} onClick={() => remove(member)}>
                    Remove
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        {members.value !== null && shown.length === 0 && <div class="empty">Nobody is found.</div>}
      </div>
    </section>
  );
}
