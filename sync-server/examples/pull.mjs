// Pulls what happened to a unit's requests into a folder, each update once, photos with them. Node.js 20, nothing else.
//
//   MBS_URL=https://mbs.example.org MBS_KEY=mbs_… node pull.mjs FOLDER
//
// Each page becomes one file, named by the number of its last update. The file holds the cursor too, and gets its name
// only when all of it is on the disk: so updates and cursor are kept together, and a program that is killed anywhere
// goes on where it was. Run it from cron, or when a webhook of yours says so.
import { mkdir, open, readdir, readFile, rename, access } from 'node:fs/promises';
import { join } from 'node:path';

const { MBS_URL, MBS_KEY } = process.env;
const folder = process.argv[2];
if (!MBS_URL || !MBS_KEY || !folder) {
  console.error('MBS_URL, MBS_KEY and a folder are needed: see the first lines of this file');
  process.exit(2);
}

async function get(path) {
  const reply = await fetch(MBS_URL + path, { headers: { authorization: `Bearer ${MBS_KEY}` } });
  if (reply.ok) return reply;
  // One shape for every refusal: act on the code, show the sentence, quote the request id to the operator.
  const { code, message, request_id } = await reply.json();
  throw new Error(`${reply.status} ${code}: ${message} (${request_id})`);
}

async function keep(name, bytes) {
  const part = join(folder, `${name}.part`);
  const file = await open(part, 'w');
  await file.writeFile(bytes);
  await file.sync();
  await file.close();
  await rename(part, join(folder, name));
}

async function photo(hash) {
  const name = `${hash}.jpg`;
  try {
    await access(join(folder, name));
  } catch {
    await keep(name, Buffer.from(await (await get(`/api/v1/photos/${hash}`)).arrayBuffer()));
  }
}

await mkdir(folder, { recursive: true });
const seqs = (await readdir(folder)).map((name) => /^(\d+)\.json$/.exec(name)?.[1]).filter(Boolean).map(Number);
const last = Math.max(...seqs);
let after = seqs.length ? JSON.parse(await readFile(join(folder, `${last}.json`), 'utf8')).next : '';
let pulled = 0;
for (let more = true; more; ) {
  const page = await (await get(`/api/v1/updates?after=${encodeURIComponent(after)}`)).json();
  if (page.updates.length) await keep(`${page.updates.at(-1).seq}.json`, JSON.stringify(page));
  for (const update of page.updates) {
    // A photo may still be on its way; then a later `content` names it again.
    for (const hash of update.content?.photos ?? []) await photo(hash).catch((e) => console.error(`photo ${hash}: ${e.message}`));
  }
  pulled += page.updates.length;
  ({ next: after, more } = page);
}
console.log(`${pulled} updates pulled`);
