// Rote's own engine, as a participant like the others: in a worker, as the page runs it.

const WORKER = `
  const ready = import("ORIGIN/rote/engine.js").then(async (engine) => {
    await engine.default();
    return engine;
  });
  self.onmessage = async ({ data: { prepare, run } }) => {
    try {
      const engine = await ready;
      if (prepare) {
        const adapter = await navigator.gpu?.requestAdapter();
        const software = Boolean(adapter?.info?.isFallbackAdapter) || adapter?.info?.architecture === "swiftshader";
        self.postMessage({ answer: await engine.prepare_timing(prepare.model, prepare.batch, prepare.backend, software) });
      } else {
        self.postMessage({ answer: JSON.parse(await engine.run_timing(run.steps, run.readEvery)) });
      }
    } catch (error) {
      self.postMessage({ error: String(error?.message ?? error) });
    }
  };
`;

/** Returns `run(steps, readEvery) -> {losses, milliseconds}`, as the other participants do. */
export async function prepare({ model, batch, backend }) {
  const source = new Blob([WORKER.replace("ORIGIN", location.origin)], { type: "text/javascript" });
  const worker = new Worker(URL.createObjectURL(source), { type: "module" });
  const ask = (message) =>
    new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => ("error" in data ? reject(new Error(data.error)) : resolve(data.answer));
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage(message);
    });
  const about = await ask({ prepare: { model, batch, backend } });
  const run = (steps, readEvery = 10) => ask({ run: { steps, readEvery } });
  return Object.assign(run, { about });
}
