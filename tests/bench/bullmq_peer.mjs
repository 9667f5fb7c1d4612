// BullMQ on a Redis that syncs each write, with an empty handler: bullmq_peer.mjs FOLDER JOBS SUBMITTERS WORKERS.
// It starts a Redis of its own, on a socket in the folder. What is missing ends it with 3, and the command that
// installs it.

import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";

const [folder, jobs, submitters, workers] = [process.argv[2], ...process.argv.slice(3).map(Number)];

function missing(what, install) {
  console.error(`${what} is missing; install it: ${install}`);
  process.exit(3);
}

let bullmq;
try {
  // Found from where the bench was started, as npm installs it there, or in what NODE_PATH names.
  const load = createRequire(join(process.cwd(), "bench.mjs"));
  load("ioredis");
  bullmq = load("bullmq");
} catch {
  missing("BullMQ", "npm install --no-save bullmq ioredis");
}

const socket = join(folder, "redis.sock");
const redis = spawn(
  "redis-server",
  ["--port", "0", "--unixsocket", socket, "--dir", folder, "--appendonly", "yes", "--appendfsync", "always", "--save", ""],
  { stdio: "ignore" },
);
redis.on("error", () => missing("redis-server", "apt-get install redis-server"));
process.on("exit", () => redis.kill());

const connection = { path: socket, maxRetriesPerRequest: null };
const queue = new bullmq.Queue("peer", { connection });
queue.on("error", () => {}); // Until Redis listens.
await queue.waitUntilReady();

const rate = (began) => Math.round(jobs / ((performance.now() - began) / 1000));
let began = performance.now();
let next = 0;
await Promise.all(
  Array.from({ length: submitters }, async () => {
    while (next < jobs) {
      next += 1;
      await queue.add("nothing", { text: "x".repeat(190) }, { removeOnComplete: false });
    }
  }),
);
console.log(`BullMQ, appendfsync always, ${submitters} submitters: ${rate(began)} jobs/s taken in`);

began = performance.now();
let done = 0;
await new Promise((resolve) => {
  const worker = new bullmq.Worker("peer", async () => null, { connection, concurrency: workers });
  worker.on("completed", () => {
    done += 1;
    if (done === jobs) resolve();
  });
});
console.log(`BullMQ, appendfsync always, ${workers} slots: ${rate(began)} jobs/s claimed and finished`);
process.exit(0);
