/**
 * Paints the embedding map on a plain canvas, without a graphics adapter.
 *
 * @module
 */

import type { MapLook, MapPainter, MapScene } from "./map_painter.ts";
import { paintPixels } from "./map_pixels.ts";

/** See {@linkcode MapPainter}. */
export class CanvasPainter implements MapPainter {
  readonly kind = "canvas";
  readonly #context: CanvasRenderingContext2D;
  #scene: MapScene | null = null;
  #image: ImageData | null = null;
  #room = new Float32Array(0);

  constructor(context: CanvasRenderingContext2D) {
    this.#context = context;
  }

  setScene(scene: MapScene): void {
    this.#scene = scene;
    if (this.#room.length !== scene.places.length) this.#room = new Float32Array(scene.places.length);
  }

  paint(look: MapLook): void {
    const { width, height } = this.#context.canvas;
    if (!this.#scene || width === 0 || height === 0) return;
    if (this.#image?.width !== width || this.#image.height !== height) {
      this.#image = this.#context.createImageData(width, height);
    }
    paintPixels(this.#image, this.#scene, look, this.#room);
    this.#context.putImageData(this.#image, 0, 0);
  }

  dispose(): void {
    this.#scene = this.#image = null;
  }
}
