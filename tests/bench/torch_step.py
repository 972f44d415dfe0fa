"""Model S (model_s.ts) on PyTorch, as an engine of the benchmark (the protocol of engine.ts).

`python3 torch_step.py FILE`, FILE being safetensors with `parameter.<name>` and `feed.<number>.<name>`. Requests come
as lines of JSON on the standard input, one answer to each goes to the standard output. Eager mode, float32, on the
processor, all of its cores.
"""

import json
import os
import struct
import sys
import time
import warnings

warnings.filterwarnings("ignore")

import torch
import torch.nn.functional as functional

LEARNING_RATE = 1e-3


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


def network_parameters(tensors):
    """Parameters in PyTorch's layout: filters [K, C, KH, KW] instead of [KH, KW, C, K]."""
    parameters = {}
    for name, value in tensors.items():
        if name.startswith("parameter."):
            laid_out = value.permute(3, 2, 0, 1).contiguous() if name.endswith(".conv") else value
            parameters[name[len("parameter."):]] = laid_out.requires_grad_()
    return parameters


def network_batches(tensors):
    """Batches in the order of their numbers, pictures as [B, C, H, W]."""
    batches = []
    while f"feed.{len(batches)}.video" in tensors:
        pictures = (tensors[f"feed.{len(batches)}.{name}"] for name in ("video", "speech"))
        batches.append([picture.permute(0, 3, 1, 2).contiguous() for picture in pictures])
    return batches


def encode(parameters, name, x):
    level = 0
    while f"{name}.{level}.conv" in parameters:
        prefix = f"{name}.{level}"
        x = functional.conv2d(x, parameters[f"{prefix}.conv"], stride=2, padding=1)
        gamma, beta = parameters[f"{prefix}.gamma"], parameters[f"{prefix}.beta"]
        x = functional.relu(functional.batch_norm(x, None, None, gamma, beta, training=True, eps=1e-5))
        level += 1
    y = x.mean((2, 3)) @ parameters[f"{name}.dense"]
    return y / torch.sqrt((y * y).sum(1, keepdim=True) + 1e-8)


def objective_of(parameters, batch):
    video, speech = (encode(parameters, name, x) for name, x in zip(("video", "speech"), batch))
    scores = video @ speech.T * parameters["temperature"].exp()
    target = torch.arange(len(scores))
    return (functional.cross_entropy(scores, target) + functional.cross_entropy(scores.T, target)) / 2


def main():
    torch.set_num_threads(os.cpu_count())
    tensors = read_tensors(sys.argv[1])
    parameters, batches = network_parameters(tensors), network_batches(tensors)
    optimizer = torch.optim.Adam(parameters.values(), lr=LEARNING_RATE, betas=(0.9, 0.999), eps=1e-8)
    for line in sys.stdin:
        request = json.loads(line)
        reply = {"milliseconds": [], "objectives": []}
        for i in range(request["steps"]):
            start = time.perf_counter()
            optimizer.zero_grad()
            objective = objective_of(parameters, batches[0 if request["sameBatch"] else i % len(batches)])
            objective.backward()
            optimizer.step()
            reply["objectives"].append(objective.item())
            reply["milliseconds"].append((time.perf_counter() - start) * 1000)
        print(json.dumps(reply), flush=True)


main()
