// Firefox for the smoke walk, through WebDriver BiDi, which it speaks by itself: a WebSocket, a command an answer.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import WebSocket from "ws";
import { ended, inTime } from "./smoke-process.mjs";

export const name = "Firefox";

const FIREFOX = process.env.FIREFOX ?? "/usr/bin/firefox-esr";
const KEYS = { ArrowRight: "\uE014" };
// Nothing but the page: no first-run page, no update, no report. Without WebGPU the page computes on the CPU.
const PREFERENCES = {
  "app.update.disabledForTesting": true,
  "browser.aboutwelcome.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.page": 0,
  "datareporting.policy.dataSubmissionEnabled": false,
  "dom.webgpu.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "remote.active-protocols": 1,
};

// What is not installed, in words.
export const missing = () => (existsSync(FIREFOX) ? null : `there is no ${FIREFOX}: install firefox-esr, or set FIREFOX to the path of a Firefox`);

export async function start() {
  const profile = await mkdtemp(join(tmpdir(), "rote-firefox-"));
  const lines = Object.entries(PREFERENCES).map(([key, value]) => `user_pref(${JSON.stringify(key)}, ${JSON.stringify(value)});\n`);
  await writeFile(join(profile, "user.js"), lines.join(""));
  const words = ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"];
  const firefox = spawn(FIREFOX, words, { stdio: ["ignore", "ignore", "pipe"] });
  const close = async () => {
    await ended(firefox);
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    return await inTime(socketAddress(firefox).then((address) => session(address, close)));
  } catch (error) {
    await close();
    throw error;
  }
}

// Where Firefox listens, which it says on its standard error.
function socketAddress(firefox) {
  return new Promise((resolve, reject) => {
    const said = [];
    createInterface(firefox.stderr).on("line", (line) => {
      said.push(line);
      const [, address] = line.match(/WebDriver BiDi listening on (ws:\S+)/) ?? [];
      if (address) resolve(`${address}/session`);
    });
    firefox.on("error", reject);
    firefox.on("exit", (code) => reject(new Error(`Firefox ended with ${code}: ${said.join("\n")}`)));
  });
}

async function session(address, end) {
  const { send, on, socket } = await connection(address);
  const { capabilities } = await send("session.new", { capabilities: {} });
  const errors = [];
  on("log.entryAdded", (entry) => entry.level === "error" && errors.push(entry.text));
  await send("session.subscribe", { events: ["log.entryAdded"] });
  const { context } = (await send("browsingContext.getTree", {})).contexts[0];
  await send("browsingContext.setViewport", { context, viewport: { width: 1440, height: 900 } });
  const run = async (expression, resultOwnership = "none") => {
    const answer = await send("script.evaluate", { expression, target: { context }, awaitPromise: true, resultOwnership });
    if (answer.type === "exception") throw new Error(answer.exceptionDetails.text);
    return answer.result;
  };
  // A person scrolls to what they press.
  const found = (selector) =>
    run(`(() => { const found = document.querySelector(${JSON.stringify(selector)}); found.scrollIntoView({ block: "center" }); return found; })()`, "root");
  const act = (type, id, actions) => send("input.performActions", { context, actions: [{ type, id, actions }] });
  return {
    browser: `${name} ${capabilities.browserVersion}`,
    open: (url) => send("browsingContext.navigate", { context, url, wait: "complete" }),
    reload: () => send("browsingContext.reload", { context, wait: "complete" }),
    async click(selector) {
      const { sharedId } = await found(selector);
      const origin = { type: "element", element: { sharedId } };
      await act("pointer", "mouse", [{ type: "pointerMove", x: 0, y: 0, origin }, { type: "pointerDown", button: 0 }, { type: "pointerUp", button: 0 }]);
    },
    async key(selector, key) {
      await run(`document.querySelector(${JSON.stringify(selector)}).focus()`);
      await act("key", "keyboard", [{ type: "keyDown", value: KEYS[key] }, { type: "keyUp", value: KEYS[key] }]);
    },
    evaluate: async (text) => (await run(text)).value,
    errors: () => errors,
    async close() {
      socket.close();
      await end();
    },
  };
}

// A BiDi connection: commands with answers, and events.
async function connection(address) {
  const socket = new WebSocket(address, { maxPayload: 0 });
  const [waiting, listeners] = [new Map(), new Map()];
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  socket.on("message", (data) => {
    const message = JSON.parse(data);
    if (message.type === "event") return listeners.get(message.method)?.(message.params);
    const { resolve, reject } = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.type === "success") resolve(message.result);
    else reject(new Error(`${message.error}: ${message.message}`));
  });
  socket.on("close", () => waiting.forEach(({ reject }) => reject(new Error("Firefox has closed the connection"))));
  let last = 0;
  const send = (method, params) =>
    new Promise((resolve, reject) => {
      waiting.set(++last, { resolve, reject });
      socket.send(JSON.stringify({ id: last, method, params }));
    });
  return { socket, send, on: (event, listener) => listeners.set(event, listener) };
}
