/**
 * How kernels are cut for a processor or for a graphics chip.
 *
 * @module
 */

/** How wide to split work, and by which kernels products are computed. */
export interface Tuning {
  /**
   * `registers`: tiles of results in registers, no shared memory and no barriers, which software adapters run
   * slowest of all. `shared`: tiles of operands in workgroup memory, which graphics chips need. `wide`: the same with
   * larger tiles where there are enough of them.
   */
  products: "registers" | "shared" | "wide";
  /** The least number of invocations in a workgroup of a product in registers. */
  lanes: number;
  /** The number of workgroups a reduction is split into, about. */
  reductionGroups: number;
  /** The least number of large tiles that fills a chip, where products have them. */
  wideTiles: number;
}

/** Few fat threads, measured on llvmpipe; and many thin ones that fill a chip with thousands of lanes. */
export const tunings: Record<Tuning["products"], Tuning> = {
  registers: { products: "registers", lanes: 8, reductionGroups: 64, wideTiles: Infinity },
  shared: { products: "shared", lanes: 64, reductionGroups: 1024, wideTiles: Infinity },
  wide: { products: "wide", lanes: 64, reductionGroups: 1024, wideTiles: 128 },
};
