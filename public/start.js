// Starts the page's program, says why where that fails, and has the page kept for the next visit. Not within index.html,
// so that a server's policy need not allow scripts there; and no module, which a browser refuses in the very cases that
// are to be explained.
"use strict";
{
  const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:";
  // One function with one vector instruction.
  const SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];
  const CURRENT = "try a current Chrome, Edge, Firefox or Safari";
  // What runs the page is told apart by the links with which it is fetched ahead.
  const [program, wasm] = ["modulepreload", "preload"].map((rel) => document.querySelector(`link[rel=${rel}]`)?.href);
  const nameOf = (url) => url.slice(url.lastIndexOf("/") + 1);
  let refused;
  document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) => {
    // Not what an extension of the browser has tried.
    if (["wasm-eval", program, wasm].includes(blockedURI)) refused ??= `${effectiveDirective} refuses ${blockedURI}`;
  });

  const say = (text) => {
    const late = document.querySelector(".late");
    if (!late) return;
    [late.textContent, late.className] = [text, "trouble"];
    late.setAttribute("role", "alert");
  };

  const start = async () => {
    const known = knownReason();
    if (known) return say(known);
    const late = document.querySelector(".late");
    if (late) late.textContent = "The page's program is still on its way: the connection is slow, or the server does not answer. Wait, or reload.";
    try {
      await (await import(program)).default({ module_or_path: wasm });
    } catch (error) {
      say(await reasonOf(error));
      throw error;
    }
  };

  // What can be seen before anything is fetched.
  function knownReason() {
    if (location.protocol === "file:")
      return "This page was opened as a file, and browsers take such a program only from a web server. Start one in the page's folder, for example `python3 -m http.server`, and open http://localhost:8000/.";
    if (self.origin === "null")
      return `This page stands in a sandboxed frame, which keeps its own files from it. Whoever made the frame lets it allow-scripts and allow-same-origin; or open ${location.href} by itself.`;
    if (typeof WebAssembly !== "object") return `This browser has no WebAssembly: it is old, or set to forbid it. Allow it, or ${CURRENT}.`;
    if (!WebAssembly.validate(new Uint8Array(SIMD))) return `This browser is too old for the page's program (it lacks WebAssembly SIMD): ${CURRENT}.`;
    return undefined;
  }

  async function reasonOf(error) {
    if (refused || /content security policy|\bCSP\b|unsafe-eval/i.test(error.message))
      return `The server's content security policy keeps the page's program from running (${refused ?? error.message}). Whoever runs the server allows: ${POLICY}`;
    for (const url of [program, wasm]) {
      const name = nameOf(url);
      let answer;
      try {
        answer = await fetch(url, { cache: "no-store" });
        answer.body?.cancel();
      } catch {
        return `The page's program (${name}) could not be fetched: check the connection, then reload.`;
      }
      const type = answer.headers.get("content-type") ?? "a file of no type";
      // Some hosts answer what they do not have with a page.
      if (!answer.ok || /html/i.test(type))
        return `The server answered ${answer.ok ? "with a page" : answer.status} for ${name}, a part of this page: the folder is not whole, or is being exchanged. Reload in a minute.`;
      if (url === program && !/(java|ecma)script/i.test(type))
        return `The server sends ${name} as ${type}, and browsers run programs only as text/javascript. Whoever runs the server gives this type to files that end in .js, and application/wasm to .wasm.`;
    }
    return `The page's program could not be started (${error.message}). Its files are damaged or of two versions: reload; if that does not help, tell whoever runs the server, or ${CURRENT}.`;
  }

  // The next visit needs no network. A new version that was fetched during the last one takes over now, before anything
  // is begun. Another application's worker is left alone, also where it stands in this page's place.
  const keep = async () => {
    const folder = new URL("./", location.href).href;
    const service = new URL("service.js", folder).href;
    const workers = navigator.serviceWorker;
    if (!workers) return;
    const found = await workers.getRegistration();
    const last = found?.scope === folder ? found : undefined;
    const isOurs = (worker) => !worker || worker.scriptURL === service;
    if (![last?.active, last?.waiting, last?.installing].every(isOurs)) return;
    if (last?.waiting) {
      workers.addEventListener("controllerchange", () => location.reload());
      last.waiting.postMessage("activate");
    }
    if (document.readyState !== "complete") await new Promise((loaded) => addEventListener("load", loaded));
    try {
      await workers.register(service);
    } catch {
      // Where the page is gone from a server, what was kept goes too; where the server is only silent, it stays.
      const answer = await fetch(service, { cache: "no-store" });
      if (answer.status === 404) await last?.unregister();
    }
  };

  start();
  // Where workers of this kind are refused, the page works as ever.
  keep().catch(() => {});
}
