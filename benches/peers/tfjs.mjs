// TensorFlow.js: core operations and variables, which is what its layers come down to.

import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-webgpu";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { CLASSES, EPSILON, LEARNING_RATE, LRN, makeBatch, makeModel, MOMENTUM } from "./work.mjs";

/** A parameter in the layout of TensorFlow: [height, width, in, out], pictures flattened as (height, width, channels). */
function layOut({ kind, shape, from, values }) {
  const given = tf.tensor(values, shape);
  if (kind === "conv") return tf.transpose(given, [2, 3, 1, 0]);
  if (!from) return given;
  return tf.transpose(given.reshape([...from, shape[1]]), [1, 2, 0, 3]).reshape(shape);
}

// Not `tf.batchNorm`: its gradient fails without a scale.
function batchNorm(x, beta) {
  const { mean, variance } = tf.moments(x, [0, 1, 2], true);
  return tf.add(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, EPSILON))), beta);
}

// The gradient of `tf.matMul` multiplies transposed matrices, for which the WebAssembly backend has only a plain loop.
// What is `constant`, the pictures, needs no gradient.
const transposingFirst = (constant) =>
  tf.customGrad((...given) => {
    const save = given.pop();
    const [x, weight] = constant ? [constant, given[0]] : given;
    save([x, weight]);
    const gradFunc = (gradient, [x, weight]) => {
      const forWeight = tf.matMul(tf.transpose(x), gradient);
      return constant ? [forWeight] : [tf.matMul(gradient, tf.transpose(weight)), forWeight];
    };
    return { value: tf.matMul(x, weight), gradFunc };
  });

const product = (x, weight, constant) => (constant ? transposingFirst(x)(weight) : transposingFirst()(x, weight));

function dense(x, weight, bias, constant) {
  if (tf.getBackend() !== "wasm") return tf.fused.matMul({ a: x, b: weight, bias });
  return tf.add(product(x, weight, constant), bias);
}

// The WebAssembly backend has no gradient for a convolution's filter, so there it is a product of shifted copies.
function conv(x, filter, stride, constant) {
  if (tf.getBackend() !== "wasm") return tf.conv2d(x, filter, stride, "same");
  const [size, , inputs, outputs] = filter.shape;
  const [batch, side] = x.shape;
  const out = Math.ceil(side / stride);
  if (size > 1) {
    const total = Math.max((out - 1) * stride + size - side, 0);
    // A stride is a reshape and the first of each group, so the last group must be whole.
    const edge = [Math.floor(total / 2), Math.ceil(total / 2) + stride - 1];
    const padded = tf.pad(x, [[0, 0], edge, edge, [0, 0]]);
    const shifted = [];
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        let part = tf.slice(padded, [0, i, j, 0], [batch, out * stride, out * stride, inputs]);
        if (stride > 1) part = tf.slice(part.reshape([batch * out, stride, out, stride * inputs]), [0, 0, 0, 0], [batch * out, 1, out, inputs]);
        shifted.push(part.reshape([batch * out * out, inputs]));
      }
    }
    x = tf.concat(shifted, 1);
  }
  const rows = x.reshape([batch * out * out, size * size * inputs]);
  return product(rows, filter.reshape([size * size * inputs, outputs]), constant).reshape([batch, out, out, outputs]);
}

function forward(layers, take, x, constant = false) {
  for (const layer of layers) {
    switch (layer.kind) {
      case "dense":
        x = dense(x, take(), take(), constant);
        break;
      case "conv":
        x = conv(x, take(), layer.stride, constant);
        if (layer.bias) x = tf.add(x, take());
        break;
      case "batchNorm":
        x = batchNorm(x, take());
        break;
      case "relu":
        x = tf.relu(x);
        break;
      case "maxPool":
        x = tf.maxPool(x, layer.size, layer.stride, layer.padding.toLowerCase());
        break;
      case "lrn":
        x = tf.localResponseNormalization(x, (LRN.window - 1) / 2, LRN.bias, LRN.alpha, LRN.beta);
        break;
      case "flatten":
        x = x.reshape([x.shape[0], -1]);
        break;
      case "meanPool":
        x = tf.mean(x, [1, 2]);
        break;
      case "branches":
        x = tf.concat(layer.branches.map((branch) => forward(branch, take, x)), 3);
        break;
    }
    constant &&= layer.kind === "flatten";
  }
  return x;
}

export async function prepare({ model, batch, backend, seed = 0 }) {
  // Threads are taken by the library itself where the page is cross-origin isolated.
  setWasmPaths(new URL("wasm/", location.href).href);
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js cannot start its backend ${backend}`);
  await tf.ready();
  tf.enableProdMode();

  const { layers, parameters } = makeModel(model, seed);
  const work = makeBatch(batch, seed);
  const variables = parameters.map((parameter) => tf.variable(tf.tidy(() => layOut(parameter))));
  const inputs = tf.tidy(() => {
    const pictures = tf.tensor(work.inputs, work.shape);
    // The MLPs' weights are for pictures flattened as (channels, height, width).
    return model.startsWith("mlp") ? pictures : tf.transpose(pictures, [0, 2, 3, 1]);
  });
  const labels = tf.tidy(() => tf.oneHot(tf.tensor1d(work.labels, "int32"), CLASSES).toFloat());
  const optimizer = tf.train.momentum(LEARNING_RATE, MOMENTUM);

  const loss = () => {
    let index = 0;
    return tf.losses.softmaxCrossEntropy(labels, forward(layers, () => variables[index++], inputs, true));
  };

  const flag = (name) => backend === "wasm" && tf.env().get(name);
  const about = { version: tf.version.tfjs, simd: await flag("WASM_HAS_SIMD_SUPPORT"), threads: await flag("WASM_HAS_MULTITHREAD_SUPPORT") };
  const run = async (steps, readEvery = 10) => {
    const losses = [];
    const start = performance.now();
    for (let index = 0; index < steps; index++) {
      const value = optimizer.minimize(loss, true, variables);
      if (index % readEvery === 0 || index === steps - 1) losses.push((await value.data())[0]);
      value.dispose();
    }
    return { losses, milliseconds: performance.now() - start };
  };
  return Object.assign(run, { about });
}
