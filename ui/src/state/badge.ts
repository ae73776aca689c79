/* Unread counts where the page is out of sight: its title and its icon. */
import { effect } from "@preact/signals";
import { text } from "../text";
import { counts } from "./inbox";
import { me, workspace } from "./session";

function draw(count: number, done: (url: string) => void): void {
  const base = document.querySelector<HTMLLinkElement>("link[rel=icon]");
  const home = base?.dataset.home ?? base?.href;
  if (!base || !home) return;
  base.dataset.home = home;
  if (count === 0) {
    done(home);
    return;
  }
  const picture = new Image();
  picture.onload = () => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 64;
    const pen = canvas.getContext("2d");
    if (!pen) return;
    pen.drawImage(picture, 0, 0, 64, 64);
    pen.fillStyle = "#e5484d";
    pen.beginPath();
    pen.arc(46, 18, 18, 0, Math.PI * 2);
    pen.fill();
    pen.fillStyle = "#fff";
    pen.font = "bold 24px system-ui, sans-serif";
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(count > 9 ? "9+" : String(count), 46, 19);
    done(canvas.toDataURL("image/png"));
  };
  picture.src = home;
}

export function startBadge(): void {
  let shown = -1;
  effect(() => {
    const count = me.value ? (counts.value?.unread ?? 0) : 0;
    const name = workspace.value?.name;
    document.title = `${count ? `(${count > 999 ? "999+" : count}) ` : ""}${name ? `${name} · ` : ""}${text.product}`;
    const step = Math.min(count, 10);
    if (step === shown) return;
    shown = step;
    draw(count, (url) => {
      const link = document.querySelector<HTMLLinkElement>("link[rel=icon]");
      if (link && shown === step) link.href = url;
    });
  });
}
