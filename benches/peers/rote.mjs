// Rote's own engine, as a participant like the others. Its built page (--rote-dist) lies in `rote/` beside bench.html.

/** Returns `run(steps, readEvery) -> {losses, milliseconds}`, as the other participants do. */
export async function prepare({ model, batch, backend, seed }) {
  throw new Error("not wired");
}
