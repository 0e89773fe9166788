// WebKit for the smoke walk: WebKitGTK's MiniBrowser on a screen of its own (Xvfb), through W3C WebDriver over HTTP.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { ended, inTime } from "./smoke-process.mjs";

export const name = "WebKitGTK";

const DRIVER = process.env.WEBKIT_DRIVER ?? "/usr/bin/WebKitWebDriver";
const XVFB = process.env.XVFB ?? "/usr/bin/Xvfb";
const KEYS = { ArrowRight: "\uE014" };
// The word under which WebDriver hands elements over.
const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";
// Longer than the walk waits for anything.
const SCRIPT_TIMEOUT_MS = 600_000;
const END_MS = 5_000;

// What is not installed, in words.
export function missing() {
  if (!existsSync(DRIVER)) return `there is no ${DRIVER}: install webkit2gtk-driver, or set WEBKIT_DRIVER to the path of a WebKitWebDriver`;
  return existsSync(XVFB) ? null : `there is no ${XVFB}: install xvfb, or set XVFB to its path`;
}

export async function start() {
  const home = await mkdtemp(join(tmpdir(), "rote-webkit-"));
  const started = [];
  const close = async () => {
    for (const child of started.reverse()) await ended(child);
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  };
  const begin = async () => {
    const screen = spawn(XVFB, ["-displayfd", "3", "-screen", "0", "1440x1000x24", "-nolisten", "tcp"], { stdio: ["ignore", "ignore", "ignore", "pipe"] });
    started.push(screen);
    const port = await freePort();
    const folders = Object.fromEntries(["HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"].map((key) => [key, home]));
    const env = { ...process.env, ...folders, DISPLAY: `:${await displayNumber(screen)}`, GDK_BACKEND: "x11", LIBGL_ALWAYS_SOFTWARE: "1" };
    const driver = spawn(DRIVER, [`--port=${port}`], { env, stdio: "ignore" });
    started.push(driver);
    return session(`http://127.0.0.1:${port}`, driver, close);
  };
  try {
    return await inTime(begin());
  } catch (error) {
    await close();
    throw error;
  }
}

// The screen's number, which Xvfb chooses and says.
function displayNumber(screen) {
  return new Promise((resolve, reject) => {
    let said = "";
    screen.stdio[3].setEncoding("utf8").on("data", (text) => {
      said += text;
      if (said.endsWith("\n")) resolve(said.trim());
    });
    screen.on("error", reject);
    screen.on("exit", (code) => reject(new Error(`Xvfb ended with ${code}`)));
  });
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function call(method, address, body, signal) {
  const response = await fetch(address, { method, signal, ...(body && { body: JSON.stringify(body) }) });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`${value.error}: ${value.message}`);
  return value;
}

// The driver listens some time after its start.
async function ready(address, driver) {
  let gone;
  driver.on("error", (error) => (gone = error));
  driver.on("exit", (code, signal) => (gone = new Error(`WebKitWebDriver ended with ${code ?? signal}`)));
  while (!(await call("GET", `${address}/status`).then(({ ready }) => ready, () => false))) {
    if (gone) throw gone;
    await pause(50);
  }
}

async function session(address, driver, end) {
  await ready(address, driver);
  const { sessionId, capabilities } = await call("POST", `${address}/session`, { capabilities: { alwaysMatch: { timeouts: { script: SCRIPT_TIMEOUT_MS } } } });
  const at = `${address}/session/${sessionId}`;
  const post = (path, body = {}) => call("POST", `${at}/${path}`, body);
  await post("window/rect", { x: 0, y: 0, width: 1440, height: 1000 });
  const element = async (selector) => (await post("element", { using: "css selector", value: selector }))[ELEMENT];
  const evaluate = (text) => post("execute/async", { script: `const [done] = arguments; (${text}).then(done);`, args: [] });
  // WebDriver has no console: what the page reports is noted in the page, from when it has loaded to when it is left.
  const errors = [];
  const listen = () => evaluate(`(() => {
    const noted = (window.smokeErrors = []);
    addEventListener("error", (event) => noted.push(event.message));
    addEventListener("unhandledrejection", (event) => noted.push(String(event.reason)));
    const report = console.error;
    console.error = (...words) => { noted.push(words.join(" ")); report(...words); };
    return Promise.resolve("");
  })()`);
  const collect = async () => errors.push(...JSON.parse(await evaluate(`Promise.resolve(JSON.stringify((window.smokeErrors ?? []).splice(0)))`)));
  const arrive = (go) => async (url) => {
    await collect();
    await go(url);
    await listen();
  };
  return {
    browser: `${name} ${capabilities.browserVersion}`,
    open: arrive((url) => post("url", { url })),
    reload: arrive(() => post("refresh")),
    click: async (selector) => post(`element/${await element(selector)}/click`),
    key: async (selector, key) => post(`element/${await element(selector)}/value`, { text: KEYS[key] }),
    evaluate,
    async errors() {
      await collect();
      return errors;
    },
    async close() {
      await call("DELETE", at, undefined, AbortSignal.timeout(END_MS)).catch(() => {});
      await end();
    },
  };
}
