// The page's side: one participant in this page, driven by drive.mjs.

const LIBRARIES = {
  tfjs: () => import("./tfjs.mjs"),
  jax: () => import("./jax.mjs"),
  rote: () => import("./rote.mjs"),
};

globalThis.bench = {
  async prepare({ library, ...settings }) {
    const { prepare } = await LIBRARIES[library]();
    globalThis.bench.run = await prepare(settings);
    return globalThis.bench.run.about;
  },
};
