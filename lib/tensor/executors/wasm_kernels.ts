/**
 * Every operation on WebAssembly: kernels of our own where the time goes, the plain loops elsewhere.
 *
 * @module
 */

import type { Node } from "../graph.ts";
import { compileHostKernel, convolutionSizes } from "./host_kernels.ts";
import type { Kernel } from "./tensor_device.ts";
import { compileBatchNorm, compileMoments } from "./wasm_batch_norm.ts";
import {
  compileFilterGradient,
  compileForward,
  compileInputGradient,
  compileMatrixProduct,
} from "./wasm_convolution.ts";
import { compileBroadcast, compileElementwise, compileSum } from "./wasm_elementwise.ts";
import type { WasmEngine } from "./wasm_engine.ts";
import { compilePool, compilePoolGradient } from "./wasm_pool.ts";

/** Makes an operation ready on WebAssembly. */
export function compileWasmKernel(node: Node, engine: WasmEngine): Kernel {
  const { operation } = node;
  const plain = () => compileHostKernel(node, engine.memory);
  switch (operation.kind) {
    case "conv2d":
      return compileForward(convolutionSizes(operation, node), engine);
    case "conv2dInputGradient":
      return compileInputGradient(convolutionSizes(operation, node), engine);
    case "conv2dFilterGradient":
      return compileFilterGradient(convolutionSizes(operation, node), engine);
    case "matMul":
      if (operation.transposeA && operation.transposeB) return plain();
      return compileMatrixProduct(operation, node, engine);
    case "maxPool":
      return isInVectors(node) ? compilePool(operation, node, engine) : plain();
    case "maxPoolGradient":
      return isInVectors(node) ? compilePoolGradient(operation, node, engine) : plain();
    case "batchMoments":
      return isInVectors(node.inputs[0]) ? compileMoments(node, engine) : plain();
    case "batchNorm":
    case "batchNormParameterGradient":
    case "batchNormInputGradient":
      return isInVectors(node.inputs[0]) ? compileBatchNorm(operation, node, engine) : plain();
    case "unary":
    case "reluGradient":
    case "affine":
    case "binary":
      return compileElementwise(node, engine) ?? plain();
    case "broadcastTo":
      return compileBroadcast(node, engine) ?? plain();
    case "reduceSum":
      return compileSum(operation.axes, node, engine) ?? plain();
    default:
      return plain();
  }
}

/** Whether the channels are whole vectors of four. */
function isInVectors({ shape }: Node): boolean {
  return shape[shape.length - 1] % 4 === 0;
}
