// The engine by itself, in a worker, as `benches/peers` times it: memory, and both devices on the same work.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch } from "./rote-page.mjs";

const ADDRESS = process.env.ROTE_URL ?? "http://localhost:8080/";
// 20,000 for a figure; a leak of a kilobyte a step shows in a twentieth of that.
const STEPS = Number(process.env.ROTE_MEMORY_STEPS ?? 1000);
// The smallest leak that is told from the pages an allocator keeps: 64 KiB is one page of WebAssembly's memory.
const ALLOWED_BYTES = 4 * 65536;

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

// Runs `work(engine, memory)` in a module worker of the page; it must not use anything else of this file.
async function inWorker(work, argument) {
  const page = await browser.newPage();
  // A place of the page's origin without its content security policy, which refuses workers of a blob.
  const blank = new URL("blank.html", ADDRESS).href;
  await page.route(blank, (route) => route.fulfill({ body: "<!doctype html>", contentType: "text/html" }));
  await page.goto(blank);
  try {
    return await page.evaluate(
      ([work, argument, engine]) =>
        new Promise((resolve, reject) => {
          const source = `
            const engine = await import(${JSON.stringify(engine)});
            const { memory } = await engine.default();
            const answer = await (${work})(engine, memory, ${JSON.stringify(argument)});
            self.postMessage(answer);`;
          const worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })), { type: "module" });
          worker.onmessage = ({ data }) => ("failed" in Object(data) ? reject(new Error(data.json)) : resolve(data));
          worker.onerror = (event) => reject(new Error(event.message));
        }),
      [work.toString(), argument, new URL("engine.js", ADDRESS).href],
    );
  } finally {
    await page.close();
  }
}

test("memory stays where it is after the first steps", async () => {
  const curve = await inWorker(async (engine, memory, steps) => {
    await engine.prepare_timing("mlp-1x512", 8, "cpu", false);
    const curve = [];
    for (let part = 0; part < 10; part++) {
      await engine.run_timing(steps / 10, 10);
      curve.push(memory.buffer.byteLength);
    }
    return curve;
  }, STEPS);
  console.log(`bytes of memory after each tenth of ${STEPS} steps: ${curve.join(" ")}`);
  assert.ok(curve.at(-1) - curve[0] <= ALLOWED_BYTES, `${curve}`);
});

test("both engines of the tab have the losses of plain tensor code for the small CNN", async () => {
  // PyTorch 2 on the same work, `benches/peers/torch.py --models cnn-small --batch 128`.
  const expected = [2.594965, 2.379826, 2.249722];
  for (const backend of ["cpu", "webgpu"]) {
    const losses = await inWorker(async (engine, _, backend) => {
      await engine.prepare_timing("cnn-small", 128, backend, true);
      return JSON.parse(await engine.run_timing(3, 1)).losses;
    }, backend);
    losses.forEach((loss, step) => assert.ok(Math.abs(loss - expected[step]) < 1e-3, `${backend}: ${losses}`));
  }
});
