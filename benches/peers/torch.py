"""Milliseconds a training step of Rote's models in PyTorch, eager and compiled.

    python torch.py [--models mlp-1x512,cnn-small] [--batch 128] [--rounds 5] [--steps-ms 2000] [--threads 2] [--device cpu|cuda]

One JSON object a line, one for each model and mode. With --wait it then times one more round of each for every line of
standard input, and ends an answer with an empty line: so it can take turns with another program, compiled only once. Parameters, inputs and labels are those of work.mjs.
"""
import sys

# Run as a program, this file's folder comes first on the path and the file would import itself.
sys.path.pop(0)

import argparse
import json
import time

import numpy as np
import torch
from torch import nn

COUNTS = {
    "mlp-1x512": 1_209_866,
    "mlp-3x512": 1_735_178,
    "cnn-small": 62_090,
    "alexnet-small": 1_387_786,
    "inception-small": 1_649_402,
}
LEARNING_RATE = 0.01
MOMENTUM = 0.9
FIRST_STEPS = 10


def values(count, salt, scale):
    """`count` numbers in (-scale, scale)."""
    x = (np.arange(count, dtype=np.uint64) * 2654435761 + (salt + 1) * 97531) & 0xFFFFFFFF
    x ^= x >> 16
    x = (x * 2246822519) & 0xFFFFFFFF
    x ^= x >> 13
    return (((x.astype(np.float64) / 2**32) * 2 - 1) * scale).astype(np.float32)


class Dense(nn.Linear):
    pass


class Conv(nn.Conv2d):
    """'SAME' as TensorFlow pads: the odd pixel at the end, which only the stride of 2 needs here."""

    def __init__(self, inputs, outputs, kernel, stride=1, bias=False):
        super().__init__(inputs, outputs, kernel, stride, padding=kernel // 2 if stride == 1 else 0, bias=bias)

    def forward(self, x):
        if self.stride == (2, 2):
            x = nn.functional.pad(x, (0, 1, 0, 1))
        return super().forward(x)


class BatchNorm(nn.BatchNorm2d):
    """Shift only. The scale is a frozen 1 and not absent, because cuDNN's kernel wants one."""

    def __init__(self, channels):
        super().__init__(channels, eps=0.001, momentum=0.1)
        self.weight.requires_grad_(False)


class Branches(nn.Module):
    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.branches], 1)


class MeanPool(nn.Module):
    def forward(self, x):
        return x.mean((2, 3))


def same_pool():
    # On even sides, a last window that hangs over the edge is TensorFlow's 'SAME'.
    return nn.MaxPool2d(3, 2, ceil_mode=True)


def module(inputs, outputs, kernel, stride=1):
    return nn.Sequential(Conv(inputs, outputs, kernel, stride), BatchNorm(outputs), nn.ReLU(inplace=True))


def mlp(hidden):
    layers, inputs = [nn.Flatten()], 2352
    for _ in range(hidden):
        layers += [Dense(inputs, 512), nn.ReLU()]
        inputs = 512
    return nn.Sequential(*layers, Dense(inputs, 10))


def cnn():
    layers, inputs = [], 3
    for outputs in (32, 64, 64):
        layers += [module(inputs, outputs, 3), nn.MaxPool2d(2)]
        inputs = outputs
    return nn.Sequential(*layers, nn.Flatten(), Dense(576, 10))


def alexnet():
    layers = []
    for inputs in (3, 64):
        layers += [Conv(inputs, 64, 5, bias=True), nn.ReLU(inplace=True), same_pool()]
        # PyTorch divides alpha by the window, so this is TensorFlow's 0.001 / 9.
        layers += [nn.LocalResponseNorm(9, alpha=0.001, beta=0.75, k=1.0)]
    layers += [nn.Flatten(), Dense(3136, 384), nn.ReLU(), Dense(384, 192), nn.ReLU(), Dense(192, 10)]
    return nn.Sequential(*layers)


def inception():
    layers, inputs = [module(3, 96, 3)], 96
    for ones, threes in [(32, 32), (32, 48), (0, 80), (112, 48), (96, 64), (80, 80), (48, 96), (0, 96), (176, 160), (176, 160)]:
        if ones == 0:
            layers.append(Branches(module(inputs, threes, 3, 2), same_pool()))
            inputs += threes
        else:
            layers.append(Branches(module(inputs, ones, 1), module(inputs, threes, 3)))
            inputs = ones + threes
    return nn.Sequential(*layers, MeanPool(), Dense(inputs, 10))


MODELS = {
    "mlp-1x512": lambda: mlp(1),
    "mlp-3x512": lambda: mlp(3),
    "cnn-small": cnn,
    "alexnet-small": alexnet,
    "inception-small": inception,
}


def build(name, layout, device):
    model = MODELS[name]()
    salt = 0
    for layer in model.modules():
        if not isinstance(layer, (Dense, Conv, BatchNorm)):
            continue
        for parameter in layer.parameters(recurse=False):
            if not parameter.requires_grad:
                continue
            fan_in = parameter[0].numel() if parameter.dim() > 1 else 0
            scale = (3.0 / fan_in) ** 0.5 if fan_in else 0.1
            filled = torch.from_numpy(values(parameter.numel(), salt, scale))
            # The registry's dense weights are [inputs, outputs].
            filled = filled.reshape(parameter.shape[::-1]).T if isinstance(layer, Dense) and fan_in else filled.reshape(parameter.shape)
            with torch.no_grad():
                parameter.copy_(filled)
            salt += 1
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    assert sum(parameter.numel() for parameter in trained) == COUNTS[name], name
    return model.to(device, memory_format=layout), trained


def prepare(name, batch, layout, device, compiled):
    model, trained = build(name, layout, device)
    inputs = torch.from_numpy(values(batch * 3 * 28 * 28, 1000, 3**0.5)).reshape(batch, 3, 28, 28)
    inputs = inputs.to(device, memory_format=layout)
    labels = (torch.arange(batch) * 7 % 10).to(device)
    optimizer = torch.optim.SGD(trained, LEARNING_RATE, MOMENTUM, fused=True)
    # Networks this small are bound by kernel launches on a GPU; CUDA graphs take those away.
    run_model = torch.compile(model, mode="reduce-overhead" if device == "cuda" else None) if compiled else model
    criterion = nn.CrossEntropyLoss()

    def run(steps, read_every=10):
        """(losses read, milliseconds)"""
        losses = []
        start = time.perf_counter()
        for step in range(steps):
            optimizer.zero_grad(set_to_none=True)
            loss = criterion(run_model(inputs), labels)
            loss.backward()
            optimizer.step()
            if step % read_every == 0 or step == steps - 1:
                losses.append(loss.item())
        if device == "cuda":
            torch.cuda.synchronize()
        return losses, (time.perf_counter() - start) * 1e3

    return run


def measure(run, rounds, steps_ms):
    first_losses, _ = run(FIRST_STEPS, read_every=1)
    _, probe = run(3)
    steps = max(2, round(steps_ms / (probe / 3)))
    return first_losses, [run(steps) for _ in range(rounds)], steps


def peak(side=2048, rounds=8):
    """GFLOP/s of the best of some products of two square matrices."""
    one, other = torch.rand(side, side), torch.rand(side, side)
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        one @ other
        best = min(best, time.perf_counter() - start)
    return 2 * side**3 / best / 1e9


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--modes", default="eager,compiled")
    parser.add_argument("--layouts", default="contiguous,channels_last", help="for convolutions; the faster one is reported")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps-ms", type=float, default=2000.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--tf32", action="store_true", help="let CUDA round products to TF32; off, as WebGPU has no such thing")
    parser.add_argument("--wait", action="store_true", help="then a round of each for every line of standard input")
    parser.add_argument("--peak", action="store_true", help="only the speed of one large product on the CPU")
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    if arguments.peak:
        print(json.dumps({"gflops": round(peak(), 1)}))
        return
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = arguments.tf32
    torch.backends.cuda.matmul.allow_tf32 = arguments.tf32
    layouts = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
    ready = []
    for name in arguments.models.split(","):
        for mode in arguments.modes.split(","):
            report = {
                "library": "pytorch",
                "version": torch.__version__,
                "model": name,
                "mode": mode,
                "batch": arguments.batch,
                "device": torch.cuda.get_device_name() if arguments.device == "cuda" else "cpu",
                "threads": arguments.threads,
            }
            best = None
            for layout in arguments.layouts.split(",") if not name.startswith("mlp") else ["contiguous"]:
                torch._dynamo.reset()
                try:
                    run = prepare(name, arguments.batch, layouts[layout], arguments.device, mode == "compiled")
                    losses, rounds, steps = measure(run, arguments.rounds, arguments.steps_ms)
                except Exception as error:  # a peer that cannot do it says so in its own words
                    best = best or {"unsupported": f"{type(error).__name__}: {str(error)[:300]}"}
                    continue
                step_ms = [round(milliseconds / steps, 4) for _, milliseconds in rounds]
                if best is None or "step_ms" not in best or min(step_ms) < min(best["step_ms"]):
                    best = {"layout": layout, "steps": steps, "step_ms": step_ms, "losses": losses}
                    best_run = run
            print(json.dumps(report | best), flush=True)
            if "steps" in best:
                ready.append((report | best, best_run))
    if not arguments.wait:
        return
    print(flush=True)
    for _ in sys.stdin:
        for report, run in ready:
            milliseconds = run(report["steps"])[1]
            print(json.dumps(report | {"step_ms": [round(milliseconds / report["steps"], 4)]}), flush=True)
        print(flush=True)


main()
