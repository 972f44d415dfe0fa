import assert from "node:assert/strict";
import proto from "onnx-proto";
import {
  onnxIrVersion,
  onnxModel,
  type OnnxModelOptions,
  onnxOpset,
} from "../../../lib/export/onnx_model.ts";
import * as graph from "../../../lib/tensor/graph.ts";
import { withOnnx } from "../../helpers/onnx_runtime.ts";

const weight = (shape: readonly number[]) =>
  graph.parameter(
    { name: "net.weight", initializer: { kind: "constant", value: 1 }, trainable: true, isWeight: true },
    shape,
  );

const network: OnnxModelOptions = {
  name: "net",
  build: (batch) => ({
    features: graph.reduceMean(graph.conv2d(graph.input("frames", [batch, 4, 6, 2]), weight([3, 3, 2, 5])), [
      1,
      2,
    ]),
  }),
  parameters: new Map([["net.weight", { shape: [3, 3, 2, 5], data: new Float32Array(90).fill(0.5) }]]),
};

const decode = (bytes: Uint8Array) => proto.onnx.ModelProto.decode(bytes);
const sizes = (info: proto.onnx.IValueInfoProto) =>
  info.type!.tensorType!.shape!.dim!.map(({ dimParam, dimValue }) => dimParam || Number(dimValue));

Deno.test("onnxModel() leaves the number of rows open and tells versions, names and texts", () => {
  const bytes = onnxModel({ ...network, description: "a net", metadata: { a: "1", b: "ä" } });
  const { graph: net, ...model } = decode(bytes);
  assert.deepEqual([Number(model.irVersion), Number(model.opsetImport[0].version)], [
    onnxIrVersion,
    onnxOpset,
  ]);
  assert.deepEqual([model.producerName, model.docString, net!.name], ["sonospeech", "a net", "net"]);
  assert.match(model.producerVersion, /^\d+\.\d+\.\d+$/);
  assert.deepEqual(model.metadataProps.map(({ key, value }) => [key, value]), [["a", "1"], ["b", "ä"]]);
  assert.deepEqual(net!.input!.map((info) => [info.name, sizes(info)]), [["frames", ["batch", 2, 4, 6]]]);
  assert.deepEqual(net!.output!.map((info) => [info.name, sizes(info)]), [["features", ["batch", 5]]]);
  assert.deepEqual(net!.initializer!.map(({ name, dims }) => [name, dims!.map(Number)]), [
    ["net.weight", [5, 2, 3, 3]],
  ]);
  assert.deepEqual(net!.node!.map(({ opType }) => opType), ["Conv", "ReduceMean"]);
});

Deno.test("onnxModel() writes the same bytes again, whatever other parameters there are", () => {
  const parameters = new Map([["other", { shape: [1], data: new Float32Array(1) }], ...network.parameters]);
  assert.deepEqual(onnxModel({ ...network, parameters }), onnxModel(network));
});

Deno.test("onnxModel() folds batch normalization into the convolution before it", () => {
  const norm = (x: graph.Node) => {
    const vector = (name: string, shape: readonly number[]) =>
      graph.parameter(
        { name, initializer: { kind: "constant", value: 1 }, trainable: true, isWeight: false },
        shape,
      );
    return graph.batchNorm(x, vector("moments", [2, 5]), vector("gamma", [5]), vector("beta", [5]), {
      relu: true,
    });
  };
  const build = (batch: number) => ({
    y: norm(graph.conv2d(graph.input("x", [batch, 4, 4, 2]), weight([3, 3, 2, 5]))),
  });
  const parameters = new Map([
    ...network.parameters,
    ["moments", { shape: [2, 5], data: Float32Array.of(1, 1, 1, 1, 1, 3, 3, 3, 3, 3) }],
    ["gamma", { shape: [5], data: new Float32Array(5).fill(2) }],
    ["beta", { shape: [5], data: new Float32Array(5).fill(7) }],
  ]);
  const { node, initializer } = decode(onnxModel({ name: "n", build, parameters })).graph!;
  assert.deepEqual(node!.map(({ opType }) => opType), ["Conv", "Relu"]);
  const [filter, bias] = initializer!.map(({ rawData }) =>
    new Float32Array(Uint8Array.from(rawData!).buffer)
  );
  const factor = 2 / Math.sqrt(3 + 1e-5);
  assert.ok(filter.every((value) => Math.abs(value - 0.5 * factor) < 1e-7));
  assert.ok(bias.every((value) => Math.abs(value - (7 - factor)) < 1e-6));
});

Deno.test("onnxModel() gives inputs a name that no operation takes away", async () => {
  const build = (batch: number) => ({ Relu_2: graph.relu(graph.relu(graph.input("Relu", [batch, 2]))) });
  await withOnnx(onnxModel({ name: "n", build, parameters: new Map() }), async (session) => {
    assert.deepEqual([session.inputNames, session.outputNames], [["Relu"], ["Relu_2"]]);
    const result = await session.run(new Map([["Relu", { shape: [1, 2], data: Float32Array.of(-1, 3) }]]));
    assert.deepEqual([...result.get("Relu_2")!.data], [0, 3]);
  });
});

Deno.test("onnxModel() refuses missing and misshapen parameters by name", () => {
  assert.throws(() => onnxModel({ ...network, parameters: new Map() }), {
    code: "input",
    message: /parameter net\.weight must have shape \[3,3,2,5\], received "none"/,
  });
  const parameters = new Map([["net.weight", { shape: [2], data: new Float32Array(2) }]]);
  assert.throws(() => onnxModel({ ...network, parameters }), /must have shape \[3,3,2,5\], received "\[2\]"/);
});

Deno.test("onnxModel() refuses what belongs to training or depends on the number of rows", () => {
  const refuses = (build: OnnxModelOptions["build"], message: RegExp) =>
    assert.throws(() => onnxModel({ ...network, build }), { code: "input", message });
  const x = (batch: number) => graph.input("x", [batch, 4]);
  const outer = (batch: number) => {
    const rows = x(batch);
    return graph.matMul(rows, rows, { transposeB: true });
  };
  refuses(
    (b) => ({ y: graph.batchMoments(x(b)) }),
    /without operations of training, received "batchMoments"/,
  );
  refuses((b) => ({ y: graph.reduceMean(x(b), [0]) }), /nothing but shapes may depend on the number of rows/);
  refuses((b) => ({ y: graph.slice(x(b), [1, 0], [1, 4]) }), /rows must not be cut out/);
  refuses((b) => ({ y: graph.broadcastTo(graph.input("x", [4]), [b, 4]) }), /nothing may be repeated/);
  refuses((b) => ({ y: graph.add(x(b), graph.constant(1, [b, 4])) }), /constants must not depend/);
  refuses((b) => ({ y: graph.reshape(outer(b), [b, 1, b]) }), /one axis at most/);
});
