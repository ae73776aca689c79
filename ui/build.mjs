/* Bundles the page. Usage: node build.mjs --out DIR [--plain-names]
   With --plain-names the files in DIR carry no hash, for a build that must know its outputs
   beforehand; the addresses under which they are served keep it.
   DIR gets every file as it is served, its .gz and .br beside it, and manifest.json:
   { "files": [ { "path", "type", "file", "gz", "br", "immutable", "shell" } ] }
   `shell` marks the page itself, which is served for every address of the page. */
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const HERE = dirname(fileURLToPath(import.meta.url));
const JS_LIMIT = 90 * 1024;

function outDir() {
  const at = process.argv.indexOf("--out");
  if (at < 0 || !process.argv[at + 1]) {
    console.error("usage: node build.mjs --out DIR [--plain-names]");
    process.exit(2);
  }
  return resolve(process.argv[at + 1]);
}

const plain = process.argv.includes("--plain-names");

const hashed = (name, bytes) => name.replace(/(\.\w+)$/, `-${createHash("sha256").update(bytes).digest("hex").slice(0, 10)}$1`);

async function bundle() {
  const result = await build({
    absWorkingDir: HERE,
    entryPoints: { app: "src/main.tsx", style: "src/style/main.css" },
    outdir: "/out",
    write: false,
    bundle: true,
    minify: true,
    format: "iife",
    target: ["es2021", "chrome100", "firefox100", "safari15.4"],
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    charset: "utf8",
    logLevel: "warning",
  });
  const find = (ending) => result.outputFiles.find((file) => file.path.endsWith(ending)).contents;
  return { js: find(".js"), css: find(".css") };
}

/* Same input, same bytes: the gzip header carries no time and no system. */
async function put(out, list, entry, bytes) {
  const file = plain ? (entry.plain ?? entry.file) : entry.file;
  const gz = gzipSync(bytes, { level: 9 });
  gz[9] = 255;
  const br = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  await Promise.all([
    writeFile(join(out, file), bytes),
    writeFile(join(out, file + ".gz"), gz),
    writeFile(join(out, file + ".br"), br),
  ]);
  list.push({
    path: entry.path,
    type: entry.type,
    file,
    gz: file + ".gz",
    br: file + ".br",
    immutable: !!entry.immutable,
    shell: !!entry.shell,
  });
  return gz.length;
}

async function main() {
  const out = outDir();
  await rm(join(out, "manifest.json"), { force: true });
  await mkdir(out, { recursive: true });
  for (const old of await readdir(out)) {
    if (/\.(js|css|svg|html|webmanifest)(\.gz|\.br)?$/.test(old)) await rm(join(out, old));
  }
  const files = [];
  const { js, css } = await bundle();
  const jsFile = hashed("app.js", js);
  const cssFile = hashed("app.css", css);
  const jsSize = await put(
    out,
    files,
    { path: "/assets/" + jsFile, type: "text/javascript; charset=utf-8", file: jsFile, plain: "app.js", immutable: true },
    js,
  );
  const cssSize = await put(
    out,
    files,
    { path: "/assets/" + cssFile, type: "text/css; charset=utf-8", file: cssFile, plain: "app.css", immutable: true },
    css,
  );
  const icon = await readFile(join(HERE, "src/icon.svg"));
  const iconFile = hashed("icon.svg", icon);
  await put(
    out,
    files,
    { path: "/assets/" + iconFile, type: "image/svg+xml", file: iconFile, plain: "icon.svg", immutable: true },
    icon,
  );
  const page = (await readFile(join(HERE, "src/index.html"), "utf8"))
    .replaceAll("{{js}}", "/assets/" + jsFile)
    .replaceAll("{{css}}", "/assets/" + cssFile)
    .replaceAll("{{icon}}", "/assets/" + iconFile);
  await put(out, files, { path: "/", type: "text/html; charset=utf-8", file: "index.html", shell: true }, Buffer.from(page));
  await put(out, files, { path: "/favicon.svg", type: "image/svg+xml", file: "favicon.svg" }, icon);
  await writeFile(join(out, "manifest.json"), JSON.stringify({ files }, null, 2) + "\n");
  console.log(`page: js ${jsSize} B gzip, css ${cssSize} B gzip`);
  if (jsSize > JS_LIMIT) {
    console.error(`the page's script is over its limit of ${JS_LIMIT} B`);
    process.exit(1);
  }
}

await main();
