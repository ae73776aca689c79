/* Choose File, Upload & Install: with progress, and a plain question before anything unsigned gets in. */
import { useRef, useState } from "preact/hooks";
import { Fault, faultOf, upload } from "../../api/http";
import type { Addon } from "../../api/types";
import { text } from "../../text";
import { Button, Callout } from "../parts/basic";
import { Confirm } from "../parts/dialog";

const UNSIGNED = "urn:mailtrixy:problem:addon_unsigned";

function size(bytes: number): string {
  return new Intl.NumberFormat(undefined, {
    style: "unit",
    unit: bytes < 1e6 ? "kilobyte" : "megabyte",
    maximumFractionDigits: 1,
  }).format(bytes < 1e6 ? bytes / 1e3 : bytes / 1e6);
}

function useUpload(onInstalled: (addon: Addon) => void) {
  const [file, setFile] = useState<File | null>(null);
  const [progress, setProgress] = useState<number | null>(null);
  const [fault, setFault] = useState<Fault | null>(null);
  const [done, setDone] = useState<string | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const choose = (chosen: File | null | undefined) => {
    setFault(null);
    setDone(null);
    if (!chosen) return;
    if (!/\.zip$/i.test(chosen.name)) {
      setFile(null);
      setFault(new Fault(415, text.addons.failedTitle, text.addons.notZip));
      return;
    }
    setFile(chosen);
  };
  const install = async (allow: boolean) => {
    if (!file) {
      input.current?.click();
      return;
    }
    setFault(null);
    setProgress(0);
    try {
      const addon = await upload<Addon>("/admin/addons" + (allow ? "?allow_unsigned=yes" : ""), file, setProgress);
      setFile(null);
      if (input.current) input.current.value = "";
      setDone(text.addons.success(addon.name, addon.version));
      onInstalled(addon);
    } catch (error) {
      setFault(faultOf(error));
    }
    setProgress(null);
  };
  return { file, progress, fault, done, input, choose, install, forget: () => setFault(null) };
}

type Upload = ReturnType<typeof useUpload>;

export function UploadCard({ onInstalled }: { onInstalled: (addon: Addon) => void }) {
  const it = useUpload(onInstalled);
  const [over, setOver] = useState(false);
  const unsigned = it.fault?.type === UNSIGNED ? it.fault : null;
  return (
    <section
      class={`card pad upload${over ? " over" : ""}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        it.choose(event.dataTransfer?.files[0]);
      }}
    >
      <UploadLine it={it} />
      {it.done && (
        <Callout tone="good" icon="check">
          {it.done}
        </Callout>
      )}
      {it.fault && !unsigned && (
        <Callout tone="bad" icon="warn" title={text.addons.failedTitle}>
          {it.fault.message}
          {it.fault.fields.map((one) => (
            <p key={one.field}>
              {one.field}: {one.message}
            </p>
          ))}
        </Callout>
      )}
      {unsigned && (
        <Confirm
          title={text.addons.unsignedTitle}
          lines={[unsigned.message]}
          go={text.addons.unsignedGo}
          busy={it.progress !== null}
          onGo={() => void it.install(true)}
          onClose={it.forget}
        />
      )}
    </section>
  );
}

function UploadLine({ it }: { it: Upload }) {
  const { file, progress } = it;
  const busy = progress !== null;
  return (
    <>
      <div class="upload-line">
        <input
          ref={it.input}
          id="addon-file"
          hidden
          type="file"
          accept=".zip,application/zip"
          onChange={(event) => it.choose(event.currentTarget.files?.[0])}
          aria-label={text.addons.choose}
        />
        <Button icon="file" disabled={busy} onClick={() => it.input.current?.click()}>
          {text.addons.choose}
        </Button>
        <span class="upload-name">
          {file ? (
            <>
              <b>{file.name}</b> <span class="muted">{size(file.size)}</span>
            </>
          ) : (
            <span class="muted">
              {text.addons.none}, {text.addons.drop}
            </span>
          )}
        </span>
        <Button kind="primary" disabled={!file} busy={busy} onClick={() => void it.install(false)}>
          {text.addons.upload}
        </Button>
      </div>
      {busy && (
        <div class="progress">
          <progress max={1} value={progress! < 1 ? progress! : undefined} aria-label={text.addons.upload} />
          <span>{progress! < 1 ? text.addons.uploading(Math.floor(progress! * 100)) : text.addons.checking}</span>
        </div>
      )}
    </>
  );
}
