/* The page starts here. */
import { render } from "preact";
import { App } from "./view/app";
import { startClock } from "./state/clock";
import { startRouter } from "./state/router";
import { boot, startTheme } from "./state/session";

/* The theme and the first question go out before there is a body to draw in. */
startTheme();
const ready = boot();

function mount(): void {
  const root = document.createElement("div");
  root.id = "app";
  document.body.append(root);
  startRouter();
  startClock();
  render(<App />, root);
  void ready;
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", mount);
else mount();
