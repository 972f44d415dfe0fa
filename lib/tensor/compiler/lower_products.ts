/**
 * Products of matrices and convolutions as dispatches.
 *
 * @module
 */

import { sizeOf } from "../../shape.ts";
import type { Node } from "../graph.ts";
import { canTileForward, forwardKernel } from "../kernels/wgsl_convolution.ts";
import {
  canTileFilterGradient,
  canTileInputGradient,
  filterGradientParts,
  inputGradientKernel,
  splitFilterGradient,
} from "../kernels/wgsl_convolution_gradients.ts";
import {
  plainFilterGradientParts,
  plainForwardKernel,
  plainInputGradientKernel,
  splitPlainFilterGradient,
} from "../kernels/wgsl_plain_convolution.ts";
import {
  sharedFilterGradient,
  sharedForward,
  sharedInputGradient,
} from "../kernels/wgsl_shared_convolution.ts";
import { type SharedProduct, sharedProductKernel, splitProduct } from "../kernels/wgsl_shared_product.ts";
import type { Components, Reader, WgslKernel } from "../kernels/wgsl.ts";
import { isGiven } from "./elementwise.ts";
import type { Kernel } from "./fusion.ts";
import { KernelCode, labelOf } from "./kernel_code.ts";
import { addParts, lowerElementwise, type LoweringScope } from "./lowering.ts";
import { type Product, productOf, type ProductOperation, swapped } from "./products.ts";
import type { Dispatch, Value } from "./value.ts";

/** A product's dispatches. */
export function lowerProduct(
  kernel: Kernel,
  root: Node,
  operation: ProductOperation,
  scope: LoweringScope,
): Dispatch[] {
  const product = productOf(operation, root);
  const lowering = new ProductLowering(kernel, root, product, scope);
  return lowering.run();
}

class ProductLowering {
  readonly #kernel: Kernel;
  readonly #root: Node;
  readonly #product: Product;
  readonly #scope: LoweringScope;
  readonly #label: string;
  /** Copies of operands that are made first. */
  readonly #copies = new Map<Node, Value>();
  readonly #dispatches: Dispatch[] = [];

  constructor(kernel: Kernel, root: Node, product: Product, scope: LoweringScope) {
    this.#kernel = kernel;
    this.#root = root;
    this.#product = product;
    this.#label = labelOf(root);
    this.#scope = { ...scope, valueOf: (node) => this.#copies.get(node) ?? scope.valueOf(node) };
  }

  run(): Dispatch[] {
    for (const operand of this.#product.operands) this.#store(operand);
    if (this.#scope.tuning.products !== "registers") {
      this.#shared();
      return this.#dispatches;
    }
    switch (this.#product.direction) {
      case "forward":
        this.#forward();
        break;
      case "inputGradient":
        this.#inputGradient();
        break;
      case "filterGradient":
        this.#filterGradient();
        break;
    }
    return this.#dispatches;
  }

  /** Copies an operand that lies nowhere: one that was turned for this product. */
  #store(node: Node): void {
    if (isGiven(node) || this.#scope.valueOf(node)) return;
    this.#copies.set(node, { label: this.#label, size: sizeOf(node.shape) });
    this.#dispatches.push(lowerElementwise({ stores: [node] }, this.#scope));
  }

  /** A program that stores what the kernel stores. */
  #final(
    components: Components,
    make: (code: KernelCode, write: ReturnType<KernelCode["writer"]>) => WgslKernel,
  ) {
    const code = new KernelCode(this.#kernel, this.#scope.valueOf);
    const wgsl = make(code, code.writer(this.#kernel, components));
    this.#dispatches.push(code.dispatch(wgsl, this.#label));
  }

  #forward(): void {
    const { shapes, operands: [x, filter] } = this.#product;
    if (canTileForward(shapes)) {
      this.#final(4, (code, write) =>
        forwardKernel(shapes, this.#scope.tuning, {
          x: (components) => code.reader(x, components),
          filter: code.reader(filter, 4),
          write,
        }));
    } else {
      this.#final(
        1,
        (code, write) =>
          plainForwardKernel(shapes, { x: code.reader(x, 1), filter: code.reader(filter, 1), write }),
      );
    }
  }

  #inputGradient(): void {
    const { shapes, operands: [dy, filter] } = this.#product;
    if (canTileInputGradient(shapes)) {
      const turned = swapped(filter);
      this.#store(turned);
      this.#final(4, (code, write) =>
        inputGradientKernel(shapes, this.#scope.tuning, {
          dy: (components) => code.reader(dy, components),
          swapped: code.reader(turned, 4),
          write,
        }));
    } else {
      this.#final(
        1,
        (code, write) =>
          plainInputGradientKernel(shapes, { dy: code.reader(dy, 1), filter: code.reader(filter, 1), write }),
      );
    }
  }

  #filterGradient(): void {
    const { shapes, operands: [x, dy] } = this.#product;
    if (canTileFilterGradient(shapes)) {
      const split = splitFilterGradient(shapes, this.#scope.tuning);
      this.#inParts(split.parts, 4, (code, write) =>
        filterGradientParts(shapes, split, {
          x: (components) => code.reader(x, components),
          dy: code.reader(dy, 4),
          write,
        }));
    } else {
      const split = splitPlainFilterGradient(shapes, this.#scope.tuning);
      this.#inParts(
        split.parts,
        1,
        (code, write) =>
          plainFilterGradientParts(shapes, split, { x: code.reader(x, 1), dy: code.reader(dy, 1), write }),
      );
    }
  }

  #shared(): void {
    const { tuning } = this.#scope;
    const split = splitProduct(this.#sharedProduct((index) => index, (index) => index), tuning);
    const size = sizeOf(this.#root.shape);
    this.#inParts(split.parts, 1, (code, write) => {
      const [a, b] = this.#product.operands;
      return sharedProductKernel(this.#sharedProduct(code.reader(a, 1), code.reader(b, 1)), split, {
        size,
        write,
      });
    });
  }

  #sharedProduct(a: Reader, b: Reader): SharedProduct {
    const { direction, shapes } = this.#product;
    switch (direction) {
      case "forward":
        return sharedForward(shapes, { x: a, filter: b });
      case "inputGradient":
        return sharedInputGradient(shapes, { dy: a, filter: b });
      case "filterGradient":
        return sharedFilterGradient(shapes, { x: a, dy: b });
    }
  }

  /** A program whose parts are added up by another, if there is more than one. */
  #inParts(
    count: number,
    components: Components,
    make: (code: KernelCode, write: ReturnType<KernelCode["writer"]>) => WgslKernel,
  ): void {
    if (count === 1) return this.#final(components, make);
    const parts = { label: this.#label, size: count * sizeOf(this.#root.shape) };
    const code = new KernelCode({ stores: [] }, this.#scope.valueOf);
    const wgsl = make(code, code.valueWriter(parts, components));
    this.#dispatches.push(code.dispatch(wgsl, this.#label));
    this.#dispatches.push(addParts(this.#kernel, this.#root, parts, count, this.#scope));
  }
}
