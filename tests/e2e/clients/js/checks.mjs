import assert from "node:assert/strict";
import Default, { Anvil, AnvilError, JobFailed } from "./anvil-client.mjs";

let checked = 0;
async function check(what, body) {
  try {
    await body();
  } catch (error) {
    throw new Error(what, { cause: error });
  }
  checked += 1;
}

const anvil = new Anvil();
const asks = (payload, more) => ({ agent: "asker", action: "ask", payload: { prompt: "Hello", ...payload }, ...more });

await check("nothing is known before it is asked", () => {
  assert.throws(() => anvil.getStatus(), /initialize/);
  assert.equal(Default, Anvil);
  assert.equal(Anvil.JobFailed, JobFailed);
});

await check("a host that is not there, and a wrong token", async () => {
  const away = new Anvil({ url: "http://127.0.0.1:1" });
  await assert.rejects(away.initialize(), (error) => error instanceof AnvilError && /anvil serve/.test(error.message));
  const stranger = new Anvil({ token: "wrong" });
  await assert.rejects(stranger.initialize(), (error) => error.status === 401 && error.problem.type.length > 0);
});

await check("the status comes with the costs", async () => {
  const status = await anvil.initialize();
  assert.equal(status.costTracker.dailySpend, 0);
  assert.equal(status.costTracker.dailyLimit, 160);
  assert.equal(status.upstream.kind, "simulated");
  assert.equal(anvil.getStatus(), status);
});

await check("a payload that does not fit says where", async () => {
  const wrong = anvil.submitJob({ agentType: "code-generator", action: "generate", payload: {} });
  await assert.rejects(wrong, (error) => error.status === 422 && /requirements/.test(error.message));
});

await check("an unknown agent names the ones there are", async () => {
  const wrong = anvil.submitJob({ agentType: "code-generater", action: "generate", payload: {} });
  await assert.rejects(wrong, (error) => error.status === 422 && /code-generator/.test(error.message));
});

await check("a job is submitted without waiting, and waited for", async () => {
  const job = await anvil.submitJob(asks({ calls: 2 }), { wait: false });
  assert.ok(["queued", "running"].includes(job.state), job.state);
  const states = new Set();
  const ended = await anvil.waitFor(job.id, { onChange: (now) => states.add(now.state) });
  assert.equal(ended.state, "succeeded");
  assert.ok(states.has("running") && states.has("succeeded"), [...states].join());
  assert.equal(anvil.getStatus().costTracker.dailySpend, ended.cost_usd);
});

await check("the same key is the same job", async () => {
  const once = await anvil.submitJob(asks({ calls: 1 }, { idempotency_key: "one" }));
  const again = await anvil.submitJob(asks({ calls: 1 }, { idempotency_key: "one" }));
  assert.equal(once.id, again.id);
});

await check("whoever gives up waiting leaves the job running", async () => {
  const stop = new AbortController();
  const waiting = anvil.submitJob(asks({ calls: 3 }, { tags: ["left"] }), {
    signal: stop.signal,
    onChange: () => stop.abort(new Error("enough")),
  });
  await assert.rejects(waiting, /enough/);
  const job = await first(anvil.jobs({ tag: "left" }));
  assert.equal((await anvil.waitFor(job.id)).state, "succeeded");
});

await check("a job that is stopped is told as such, and can be run again", async () => {
  const job = await anvil.submitJob(asks({ calls: 20 }), { wait: false });
  await anvil.cancelJob(job.id);
  assert.equal((await anvil.waitFor(job.id)).state, "cancelled");
  await anvil.retryJob(job.id);
  await anvil.cancelJob(job.id);
});

await check("a job that fails is an error with the job in it", async () => {
  const failing = anvil.submitJob(asks({ calls: 1 }, { max_cost_usd: 0.000001 }));
  await assert.rejects(failing, (error) => error instanceof JobFailed && error.job.state === "failed");
});

await check("files are listed and read", async () => {
  const job = await anvil.submitJob({
    agentType: "code-generator", action: "generate", payload: { requirements: "Build a login form" },
  });
  const files = await anvil.artifacts(job.id);
  assert.ok(files.length > 0);
  for (const file of files) {
    assert.equal((await anvil.artifact(job.id, file.name)).length, file.size, file.name);
  }
});

await check("files go with a job, and the agent reads them", async () => {
  const files = [
    { name: "brief.md", content: "# Brief", type: "text/markdown" },
    { name: "src/ü \"1\".bin", content: new Uint8Array([111, 116, 116, 101, 114]) },
  ];
  const job = await anvil.submitJob(asks({ inputs: true }, { idempotency_key: "files" }), { files });
  assert.deepEqual(job.inputs.map((file) => file.name), files.map((file) => file.name));
  assert.deepEqual(job.result.inputs.map((file) => [file.text, file.media_type]), [
    ["# Brief", "text/markdown"], ["otter", "application/octet-stream"],
  ]);
  assert.equal(new TextDecoder().decode(await anvil.input(job.id, files[1].name)), "otter");
  const wrong = anvil.submitJob(asks({}), { files: [{ name: "../brief.md", content: "x" }] });
  await assert.rejects(wrong, (error) => error.status === 422 && /brief\.md/.test(error.message));
});

await check("lists go over their pages", async () => {
  const ids = [];
  for await (const job of anvil.jobs({ limit: 2 })) ids.push(job.id);
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(ids.length >= 5, String(ids.length));
});

anvil.close();
console.log(JSON.stringify({ checked }));

async function first(list) {
  for await (const item of list) return item;
}
