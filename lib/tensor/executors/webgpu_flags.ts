/**
 * tfjs's settings for WebGPU. Imported for its effect.
 *
 * @module
 */

import "@tensorflow/tfjs-backend-webgpu";
import { enableProdMode, env } from "@tensorflow/tfjs-core";

enableProdMode();
// Small tensors must be computed where all others are.
env().set("WEBGPU_CPU_FORWARD", false);
