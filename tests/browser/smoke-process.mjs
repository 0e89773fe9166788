// Programs that drivers start.
import { once } from "node:events";

// Past this a browser will not start. Generous, because other tests may keep the machine busy.
export const START_MS = 60_000;

// What `starting` gives, or an error once that is overdue: some browsers start and say nothing, for ever.
export async function inTime(starting, limit = START_MS) {
  let timer;
  const overdue = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it has not started after ${limit / 1000} s`)), limit);
  });
  try {
    return await Promise.race([starting, overdue]);
  } finally {
    clearTimeout(timer);
  }
}

// Ends a child: kindly, and after some seconds for good. A child of its own may hold its pipes open, which would keep the
// tests from ending.
export async function ended(child) {
  for (const pipe of child.stdio) pipe?.destroy();
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill();
  const timer = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await exit;
  clearTimeout(timer);
}
