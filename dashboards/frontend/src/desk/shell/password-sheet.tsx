import { PasswordForm } from "../../login/password-form";
import { Sheet } from "../../ui/sheet";
import type { Desk } from "../desk-context";

/** Another password of one's own choice. */
export function PasswordSheet({ desk: { rest, ui }, onClose }: { desk: Desk; onClose: () => void }) {
  return (
    <Sheet keys={ui.keys} title="Change password" testid="password-sheet" onClose={onClose}>
      <PasswordForm
        rest={rest}
        why="own"
        onCancel={onClose}
        onDone={() => {
          onClose();
          ui.toast("good", "Your password is changed; all other log-ins of yours have ended.");
        }}
      />
    </Sheet>
  );
}
