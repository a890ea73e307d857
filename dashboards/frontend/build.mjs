// Bundles the pages' TypeScript into ../assets: one ES module per page, its styles inside, nothing loaded from elsewhere.
//
// `node build.mjs` writes them, `node build.mjs --out DIR` writes them there. The first line of each bundle carries the
// hash of everything it is made of, so that a test without Node sees when a bundle is older than its sources.

import { createHash } from "node:crypto";
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync, mkdirSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const at = process.argv.indexOf("--out");
const out = at > 0 ? process.argv[at + 1] : join(here, "..", "assets");
const pages = { desk: "desk/desk.tsx", control: "control/control.tsx", login: "login/login.tsx", reports: "reports/reports.tsx" };

/** Files below a folder, as paths with slashes, in one order everywhere. */
function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(here, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .sort();
}

/** SHA-256 over names and contents of the sources, the lock and this script; dashboards/frontend/bundles.py does the same. */
function sourcesHash() {
  const hash = createHash("sha256");
  const made = filesBelow(join(here, "src")).filter((name) => !name.endsWith(".test.ts"));
  for (const name of ["build.mjs", "package-lock.json", "tsconfig.json", ...made]) {
    const bytes = readFileSync(join(here, name));
    hash.update(`${name}\n${bytes.length}\n`).update(bytes);
  }
  return hash.digest("hex");
}

/** The licence texts of all packages that a bundle has code of; `licences` adds what their archives leave out. */
function licences(metafile) {
  const found = new Map();
  for (const input of Object.keys(metafile.inputs)) {
    const match = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (!match) continue;
    // What a file says of its licence at its top is left out of the bundle, so it is said here.
    const said = /^\s*\/\*!([\s\S]*?)\*\//.exec(readFileSync(join(here, input), "utf8"));
    const known = found.get(match[1]) ?? new Set();
    if (said) known.add(said[1].replace(/^[ \t]*\*[ \t]?/gm, "").trim());
    found.set(match[1], known);
  }
  const parts = [...found.keys()].sort().map((name) => {
    const folder = join(here, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const texts = readdirSync(folder)
      .filter((file) => /^(licen[cs]e|notice)/i.test(file))
      .sort()
      .map((file) => readFileSync(join(folder, file), "utf8").trim());
    const added = join(here, "licences", `${name}.txt`);
    if (existsSync(added)) texts.push(readFileSync(added, "utf8").trim());
    if (texts.length === 0) throw new Error(`package ${name} carries no licence text`);
    texts.push(...found.get(name));
    return `${name} ${version} (${license})\n\n${texts.join("\n\n")}\n`;
  });
  const head = "The bundles in this folder contain the packages below, under these licences.\n";
  return `${head}\n${parts.join(`\n${"-".repeat(78)}\n\n`)}`;
}

const result = await build({
  absWorkingDir: here,
  entryPoints: Object.fromEntries(Object.entries(pages).map(([page, path]) => [page, join("src", path)])),
  outdir: out,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  // Styles are text: each page puts them into its own shadow root.
  loader: { ".css": "text", ".woff2": "binary" },
  plugins: [
    {
      name: "small-styles",
      setup(on) {
        on.onLoad({ filter: /\.css$/ }, async ({ path }) => {
          const { code } = await transform(readFileSync(path, "utf8"), { loader: "css", minify: true, target: "es2022" });
          return { contents: code, loader: "text" };
        });
      },
    },
  ],
  metafile: true,
  write: false,
});

mkdirSync(out, { recursive: true });
const banner = `/* workbench sources ${sourcesHash()}; licences in LICENCES.txt */\n`;
for (const file of result.outputFiles) writeFileSync(file.path, banner + file.text);
// The review has no bundle to carry the font: it asks for the file.
copyFileSync(join(here, "node_modules/@fontsource-variable/inter/files/inter-latin-wght-normal.woff2"), join(out, "inter.woff2"));
// Its variables, and those of charts that Python draws, are the other pages' too.
writeFileSync(join(out, "theme.css"), banner + readFileSync(join(here, "src/theme/variables.css"), "utf8"));
writeFileSync(join(out, "LICENCES.txt"), licences(result.metafile));
for (const [path, { bytes }] of Object.entries(result.metafile.outputs)) console.log(`${path} ${Math.round(bytes / 1024)} kB`);
