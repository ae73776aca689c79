/* Dialogs. The browser's own <dialog> brings focus trap, Escape and the top layer. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { text } from "../../text";
import { Fault } from "../../api/http";
import { Button, Callout, IconButton } from "./basic";

export function Dialog({
  title,
  children,
  onClose,
  wide,
  plain,
}: {
  title: string;
  children: ComponentChildren;
  onClose: () => void;
  wide?: boolean;
  plain?: boolean;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const box = ref.current!;
    const before = document.activeElement as HTMLElement | null;
    if (!box.open) box.showModal();
    return () => {
      box.close(); /* while it is open, nothing behind it can take the focus */
      before?.focus?.();
    };
  }, []);
  return (
    <dialog
      ref={ref}
      class={`dialog${wide ? " wide" : ""}`}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => {
        if (event.target === ref.current) onClose();
      }}
    >
      <div class="dialog-box">
        {!plain && (
          <header class="dialog-head">
            <h2>{title}</h2>
            <IconButton icon="close" label={text.common.close} onClick={onClose} />
          </header>
        )}
        {children}
      </div>
    </dialog>
  );
}

/* What cannot be undone says first what will be gone. */
export function Confirm({
  title,
  lines,
  go,
  danger = true,
  busy,
  fault,
  onGo,
  onClose,
}: {
  title: string;
  lines: string[];
  go: string;
  danger?: boolean;
  busy?: boolean;
  fault?: Fault | null;
  onGo: () => void;
  onClose: () => void;
}) {
  return (
    <Dialog title={title} onClose={onClose}>
      <div class="dialog-body">
        {lines.length === 1 ? (
          <p>{lines[0]}</p>
        ) : (
          <ul class="consequences">
            {lines.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        )}
        {fault && (
          <Callout tone="bad" icon="warn">
            {fault.message}
          </Callout>
        )}
      </div>
      <footer class="dialog-foot">
        <Button onClick={onClose}>{text.common.cancel}</Button>
        <Button kind={danger ? "danger" : "primary"} busy={busy} onClick={onGo}>
          {go}
        </Button>
      </footer>
    </Dialog>
  );
}
