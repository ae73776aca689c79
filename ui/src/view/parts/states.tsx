/* Loading, empty, failed, forbidden: the states that every view shares. */
import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Fault, faultOf } from "../../api/http";
import { text } from "../../text";
import { Button } from "./basic";
import { Icon } from "./icons";

/* Nothing is drawn for the first 200 ms: what comes at once must not flicker. */
export function Skeleton({ rows = 5, kind = "row" }: { rows?: number; kind?: "row" | "card" | "bubble" }) {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = window.setTimeout(() => setShown(true), 200);
    return () => window.clearTimeout(timer);
  }, []);
  return (
    <div class={`skeleton of-${kind}s`} role="status" aria-label={text.common.loading}>
      {shown &&
        Array.from({ length: rows }, (_, index) => (
          <div key={index} class="bone">
            <i />
            <b />
            <b />
          </div>
        ))}
    </div>
  );
}

export function Empty({
  icon,
  title,
  children,
  action,
}: {
  icon: string;
  title: string;
  children?: ComponentChildren;
  action?: ComponentChildren;
}) {
  return (
    <div class="empty">
      <span class="empty-icon">
        <Icon name={icon} size={22} />
      </span>
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}

export function FaultView({ fault, retry }: { fault: Fault; retry?: () => void }) {
  return (
    <div class="empty" role="alert">
      <span class="empty-icon bad">
        <Icon name={fault.lost ? "plug" : "warn"} size={22} />
      </span>
      <h2>{text.fault.title}</h2>
      <p>{fault.message}</p>
      {retry && (
        <Button icon="refresh" onClick={retry}>
          {text.common.retry}
        </Button>
      )}
    </div>
  );
}

export function Forbidden({ why }: { why: string }) {
  return (
    <div class="empty tall">
      <span class="empty-icon">
        <Icon name="ban" size={22} />
      </span>
      <h2>{text.forbidden.title}</h2>
      <p>{why}</p>
      <a class="button plain" href="/">
        <span>{text.missingPage.go}</span>
      </a>
    </div>
  );
}

export interface Loaded<T> {
  data: T | null;
  fault: Fault | null;
  reload: () => Promise<void>;
  set: (value: T) => void;
}

/* Reads something for a view; an answer that a newer question has overtaken is dropped. */
export function useLoaded<T>(read: () => Promise<T>, on: unknown[]): Loaded<T> {
  const [data, setData] = useState<T | null>(null);
  const [fault, setFault] = useState<Fault | null>(null);
  const round = useRef(0);
  const reload = useCallback(async () => {
    const mine = ++round.current;
    setFault(null);
    try {
      const found = await read();
      if (mine === round.current) setData(found);
    } catch (error) {
      if (mine === round.current) setFault(faultOf(error));
    }
  }, on);
  useEffect(() => {
    setData(null);
    void reload();
    return () => {
      round.current++;
    };
  }, [reload]);
  return { data, fault, reload, set: setData };
}

/* What was loaded, or the state it is in instead. */
export function View<T>({
  of,
  skeleton,
  children,
}: {
  of: Loaded<T>;
  skeleton: ComponentChildren;
  children: (data: T) => ComponentChildren;
}) {
  if (of.data !== null) return <>{children(of.data)}</>;
  return of.fault ? <FaultView fault={of.fault} retry={() => void of.reload()} /> : <>{skeleton}</>;
}

/* One action at a time, with its outcome. */
export function useAction(): {
  busy: string | null;
  fault: Fault | null;
  run: (name: string, work: () => Promise<void>) => Promise<boolean>;
  clear: () => void;
} {
  const [busy, setBusy] = useState<string | null>(null);
  const [fault, setFault] = useState<Fault | null>(null);
  const run = async (name: string, work: () => Promise<void>) => {
    setBusy(name);
    setFault(null);
    try {
      await work();
      return true;
    } catch (error) {
      setFault(faultOf(error));
      return false;
    } finally {
      setBusy(null);
    }
  };
  return { busy, fault, run, clear: () => setFault(null) };
}
