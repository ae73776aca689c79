/* Bundles one source module and imports it, so that tests run on any Node that runs esbuild. */
import { build } from "esbuild";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const UI = join(dirname(fileURLToPath(import.meta.url)), "..");

export async function load(path) {
  const result = await build({
    absWorkingDir: UI,
    entryPoints: [path],
    bundle: true,
    write: false,
    format: "esm",
    target: "node18",
    logLevel: "warning",
  });
  return import("data:text/javascript;base64," + Buffer.from(result.outputFiles[0].contents).toString("base64"));
}
