"""A training step on PyTorch, as an engine of the benchmark (the protocol of engine.ts).

`python3 torch_step.py MODE GRAPH TENSORS`: GRAPH is the objective's graph (`plainGraph()` in torch.ts), TENSORS are
safetensors with `parameter.<name>` and `feed.<number>.<name>`. MODE is `cpu` (all cores), `cuda` (float32 without
TF32), `cuda-tf32` or `cuda-compile` (torch.compile, without TF32). Requests come as lines of JSON on the standard
input, one answer to each goes to the standard output.

The graph becomes the source of one Python function with a line for each operation, so that eager mode pays for
PyTorch's calls and nothing else, and torch.compile sees what a person would have written. Pictures are NHWC in the
graph; here they are views of NCHW tensors, PyTorch's own layout, so that no data is moved.
"""

import json
import os
import struct
import sys
import time
import warnings

warnings.filterwarnings("ignore")

import torch
import torch.nn.functional as F

LEARNING_RATE = 1e-3
UNARY = {"relu": "torch.relu({0})", "sigmoid": "torch.sigmoid({0})", "exp": "torch.exp({0})",
         "log": "torch.log({0})", "sqrt": "torch.sqrt({0})", "square": "{0} * {0}", "reciprocal": "1 / {0}"}
BINARY = {"add": "{0} + {1}", "subtract": "{0} - {1}", "multiply": "{0} * {1}", "divide": "{0} / {1}"}
LAST_AXIS = {"softmax": "torch.softmax({0}, -1)", "logSoftmax": "torch.log_softmax({0}, -1)",
             "logSumExp": "torch.logsumexp({0}, -1)"}


def read_tensors(path):
    """Every tensor of a safetensors file, by name; all are float32."""
    with open(path, "rb") as file:
        content = bytearray(file.read())
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8:8 + length])
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        flat = torch.frombuffer(content, dtype=torch.float32, offset=8 + length + begin, count=(end - begin) // 4)
        tensors[name] = flat.reshape(entry["shape"]).clone()
    return tensors


def to_nchw(expression):
    return f"{expression}.permute(0, 3, 1, 2)"


def to_nhwc(expression):
    return f"{expression}.permute(0, 2, 3, 1)"


def padded(operation, x, fill):
    """The picture and what is left for the operation itself to pad, which must be the same on opposite sides."""
    p = operation["padding"]
    if p["top"] == p["bottom"] and p["left"] == p["right"]:
        return x, (p["top"], p["left"])
    return f"F.pad({x}, ({p['left']}, {p['right']}, {p['top']}, {p['bottom']}), value={fill})", (0, 0)


def padded_to(x, ends):
    """Zeros around x: so many before each axis, so many from its start to the end."""
    sides = []
    for (before, rest), size in zip(reversed(ends), reversed(x.shape)):
        sides += [before, rest - size]
    return F.pad(x, sides)


def convolution(operation, x, weight):
    picture, padding = padded(operation, to_nchw(x), "0.0")
    return to_nhwc(f"F.conv2d({picture}, {weight}, None, {tuple(operation['strides'])}, {padding}, "
                   f"{tuple(operation['dilations'])}, {operation['groups']})")


def pooling(operation, x):
    picture, padding = padded(operation, to_nchw(x), "float('-inf')")
    return to_nhwc(f"F.max_pool2d({picture}, {tuple(operation['window'])}, {tuple(operation['strides'])}, {padding})")


def normalization(operation, shape, place, x, gamma, beta):
    """By batch, with running moments to update as a layer of PyTorch has them."""
    is_picture = len(shape) == 4
    call = (f"F.batch_norm({to_nchw(x) if is_picture else x}, running[{place}][0], running[{place}][1], "
            f"{gamma}, {beta}, True, 0.1, {operation['epsilon']!r})")
    y = to_nhwc(call) if is_picture else call
    return f"torch.relu({y})" if operation["relu"] else y


def expression_of(node, place, names):
    """The line that computes a node from the names of its operands."""
    operation, shape = node["operation"], node["shape"]
    kind = operation["kind"]
    a, b = (names + ["", ""])[:2]
    if kind == "input":
        return f"feeds[{operation['name']!r}]"
    if kind == "parameter":
        return f"parameters[{operation['name']!r}]"
    if kind == "constant":
        return f"constants[{place}]"
    if kind == "unary":
        return UNARY[operation["function"]].format(a)
    if kind == "binary":
        return BINARY[operation["function"]].format(a, b)
    if kind == "lastAxis":
        return LAST_AXIS[operation["function"]].format(a)
    if kind == "affine":
        return f"{a} * {operation['scale']!r} + {operation['offset']!r}" if operation["offset"] \
            else f"{a} * {operation['scale']!r}"
    if kind == "clampMin":
        return f"torch.clamp({a}, min={operation['minimum']!r})"
    if kind == "matMul":
        return f"{a}{'.T' if operation['transposeA'] else ''} @ {b}{'.T' if operation['transposeB'] else ''}"
    if kind == "reduceSum":
        return f"{a}.sum({tuple(operation['axes'])}, keepdim={operation['keepDims']})" if operation["axes"] else a
    if kind == "broadcastTo":
        return f"{a}.expand({tuple(shape)})"
    if kind == "reshape":
        return f"{a}.reshape({tuple(shape)})"
    if kind == "transpose":
        return f"{a}.permute({tuple(operation['permutation'])})"
    if kind == "concat":
        return f"torch.cat(({', '.join(names)},), {operation['axis']})"
    if kind == "slice":
        box = ", ".join(f"{begin}:{begin + size}" for begin, size in zip(operation["begin"], shape))
        return f"{a}[{box}]"
    if kind == "pad":
        ends = [(begin, whole - begin) for begin, whole in zip(operation["before"], shape)]
        return f"padded_to({a}, {ends})"
    if kind == "l2Normalize":
        return f"{a} / torch.sqrt(({a} * {a}).sum(-1, keepdim=True) + {operation['epsilon']!r})"
    if kind == "conv2d":
        return convolution(operation, a, b)
    if kind == "maxPool":
        return pooling(operation, a)
    if kind == "batchMoments":
        return "None"  # F.batch_norm takes them itself.
    if kind == "batchNorm":
        return normalization(operation, shape, place, a, names[2], names[3])
    if kind == "stopGradient":
        return f"{a}.detach()"
    raise ValueError(f"the presets' objectives have no {kind}")


def objective_function(nodes, device):
    """The graph as a function of parameters and feeds that gives the objective."""
    lines = ["def objective(parameters, feeds):"]
    running, constants = {}, {}
    for place, node in enumerate(nodes):
        operation = node["operation"]
        if operation["kind"] == "batchNorm":
            channels = node["shape"][-1]
            running[place] = (torch.zeros(channels, device=device), torch.ones(channels, device=device))
        if operation["kind"] == "constant":
            constants[place] = torch.full(node["shape"], operation["value"], device=device)
        names = [f"v{i}" for i in node["inputs"]]
        lines.append(f"    v{place} = {expression_of(node, place, names)}")
    lines.append(f"    return v{len(nodes) - 1}.reshape(())")
    scope = {"torch": torch, "F": F, "padded_to": padded_to, "running": running, "constants": constants}
    exec("\n".join(lines), scope)
    return scope["objective"]


def network_parameters(nodes, tensors, device):
    """Parameters that are trained, filters as [K, C, KH, KW] instead of [KH, KW, C, K], and the others as they are."""
    filters = {node["inputs"][1] for node in nodes if node["operation"]["kind"] == "conv2d"}
    parameters = {}
    for place, node in enumerate(nodes):
        operation = node["operation"]
        if operation["kind"] != "parameter":
            continue
        value = tensors[f"parameter.{operation['name']}"]
        laid_out = value.permute(3, 2, 0, 1).contiguous() if place in filters else value
        parameters[operation["name"]] = laid_out.to(device).requires_grad_(operation["trainable"])
    return parameters


def network_batches(nodes, tensors, device):
    """Batches in the order of their numbers; what goes to a GPU lies in pinned memory, as a data loader's would."""
    names = [node["operation"]["name"] for node in nodes if node["operation"]["kind"] == "input"]
    batches = []
    while f"feed.{len(batches)}.{names[0]}" in tensors:
        batch = {}
        for name in names:
            value = tensors[f"feed.{len(batches)}.{name}"]
            if value.dim() == 4:
                value = value.permute(0, 3, 1, 2).contiguous()
            batch[name] = value.pin_memory() if device == "cuda" else value
        batches.append(batch)
    return batches


def uploaded(batch, device):
    moved = {name: value.to(device, non_blocking=True) for name, value in batch.items()}
    return {name: value.permute(0, 2, 3, 1) if value.dim() == 4 else value for name, value in moved.items()}


class Trainer:
    def __init__(self, mode, nodes, tensors):
        self.device = "cpu" if mode == "cpu" else "cuda"
        torch.set_num_threads(os.cpu_count())
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = mode == "cuda-tf32"
        self.parameters = network_parameters(nodes, tensors, self.device)
        self.batches = network_batches(nodes, tensors, self.device)
        trained = [value for value in self.parameters.values() if value.requires_grad]
        self.optimizer = torch.optim.Adam(trained, lr=LEARNING_RATE, betas=(0.9, 0.999), eps=1e-8)
        objective = objective_function(nodes, self.device)
        self.objective = torch.compile(objective) if mode == "cuda-compile" else objective

    def step(self, batch):
        self.optimizer.zero_grad()
        objective = self.objective(self.parameters, uploaded(batch, self.device))
        objective.backward()
        self.optimizer.step()
        return objective.detach()

    def answer(self, request):
        reply = {"milliseconds": [], "objectives": []}
        stride, start = request["readEvery"], time.perf_counter()
        for i in range(1, request["steps"] + 1):
            objective = self.step(self.batches[0 if request["sameBatch"] else (i - 1) % len(self.batches)])
            if i % stride == 0 or i == request["steps"]:
                reply["objectives"].append(objective.item())
                now = time.perf_counter()
                reply["milliseconds"].append((now - start) * 1000 / ((i - 1) % stride + 1))
                start = now
        if self.device == "cuda":
            reply["deviceBytes"] = torch.cuda.max_memory_reserved()
        return reply


def main():
    # OpenMP takes the two threads of one core for one.
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    mode, graph, tensors = sys.argv[1:4]
    with open(graph) as file:
        nodes = json.load(file)
    trainer = None
    for line in sys.stdin:
        try:
            trainer = trainer or Trainer(mode, nodes, read_tensors(tensors))
            reply = trainer.answer(json.loads(line))
        except (RuntimeError, ValueError) as error:
            reply = {"error": str(error).split("\n")[0]}
        print(json.dumps(reply), flush=True)


main()
