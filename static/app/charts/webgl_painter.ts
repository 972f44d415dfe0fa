/**
 * Paints the embedding map with WebGL 2: places and colours lie in the adapter's memory, so that moving, zooming and
 * the way from one epoch to the next change a few numbers only.
 *
 * @module
 */

import { lineAlpha, type MapLook, type MapPainter, type MapScene, pointRadius } from "./map_painter.ts";

/** `from`, `to`: a point's places; `lens`: middle and scale to clip space, both axes. */
const shared = `#version 300 es
uniform vec4 lens;
uniform float share;
vec4 placed(vec2 from, vec2 to) { return vec4((mix(from, to, share) - lens.xy) * lens.zw, 0.0, 1.0); }
`;
const pointVertex = `${shared}
in vec2 from; in vec2 to; in vec4 colour;
uniform float diameter;
out vec4 ink;
void main() { gl_Position = placed(from, to); gl_PointSize = diameter + 1.0; ink = colour; }`;
const pointFragment = `#version 300 es
precision highp float;
in vec4 ink;
uniform float diameter; uniform float ring; uniform vec3 page;
out vec4 result;
void main() {
  float distance = length(gl_PointCoord - 0.5) * (diameter + 1.0);
  float radius = diameter * 0.5;
  float cover = clamp(radius + 0.5 - distance, 0.0, 1.0) * ink.a;
  float inner = radius - max(0.9, radius * 0.42);
  float share = mix(1.0, clamp(distance - inner + 0.5, 0.0, 1.0), ring);
  result = vec4(mix(page, ink.rgb, share) * cover, cover);
}`;
/** One instance a window, whose two ends are told apart by the vertex's number. */
const lineVertex = `${shared}
in vec2 from; in vec2 to; in vec2 speechFrom; in vec2 speechTo; in vec4 colour;
out vec4 ink;
void main() { gl_Position = gl_VertexID == 0 ? placed(from, to) : placed(speechFrom, speechTo); ink = colour; }`;
const lineFragment = `#version 300 es
precision highp float;
in vec4 ink;
uniform float alpha;
out vec4 result;
void main() { result = vec4(ink.rgb, 1.0) * ink.a * alpha; }`;

const attributes = ["from", "to", "colour", "speechFrom", "speechTo"] as const;

/** See {@linkcode MapPainter}. */
export class WebglPainter implements MapPainter {
  readonly kind = "webgl";
  readonly #gl: WebGL2RenderingContext;
  readonly #points: WebGLProgram;
  readonly #lines: WebGLProgram;
  readonly #buffers: Record<"from" | "to" | "colour" | "order", WebGLBuffer>;
  #scene: MapScene | null = null;

  /** @throws Error when the adapter cannot compile the shaders. */
  constructor(gl: WebGL2RenderingContext) {
    this.#gl = gl;
    this.#points = compile(gl, pointVertex, pointFragment);
    this.#lines = compile(gl, lineVertex, lineFragment);
    const [from, to, colour, order] = Array.from({ length: 4 }, () => gl.createBuffer());
    this.#buffers = { from, to, colour, order };
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  setScene(scene: MapScene): void {
    const gl = this.#gl;
    this.#scene = scene;
    for (
      const [name, data] of [["from", scene.from], ["to", scene.places], ["colour", scene.colours]] as const
    ) {
      gl.bindBuffer(gl.ARRAY_BUFFER, this.#buffers[name]);
      gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
    }
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.#buffers.order);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, scene.order, gl.STATIC_DRAW);
  }

  paint(look: MapLook): void {
    const gl = this.#gl;
    const scene = this.#scene;
    if (!scene) return;
    const [red, green, blue] = scene.background.map((value) => value / 255);
    gl.viewport(0, 0, gl.canvas.width, gl.canvas.height);
    gl.clearColor(red, green, blue, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    const windows = scene.order.length;
    if (windows === 0) return;
    if (scene.hasLines) {
      this.#use(this.#lines, look, { divisor: 1 });
      gl.uniform1f(gl.getUniformLocation(this.#lines, "alpha"), lineAlpha(windows));
      gl.drawArraysInstanced(gl.LINES, 0, 2, windows);
    }
    for (const ring of [0, 1]) {
      this.#use(this.#points, look, { divisor: 0, row: ring * windows });
      const at = (name: string) => gl.getUniformLocation(this.#points, name);
      gl.uniform1f(at("diameter"), 2 * pointRadius(windows) * look.ratio);
      gl.uniform1f(at("ring"), ring);
      gl.uniform3f(at("page"), red, green, blue);
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.#buffers.order);
      gl.drawElements(gl.POINTS, windows, gl.UNSIGNED_INT, 0);
    }
  }

  dispose(): void {
    this.#scene = null;
    for (const buffer of Object.values(this.#buffers)) this.#gl.deleteBuffer(buffer);
    for (const program of [this.#points, this.#lines]) this.#gl.deleteProgram(program);
  }

  /** Makes a program current, its attributes read from row `row` of the places on. */
  #use(
    program: WebGLProgram,
    { view, size, share }: MapLook,
    { divisor, row = 0 }: { divisor: number; row?: number },
  ): void {
    const gl = this.#gl;
    gl.useProgram(program);
    for (let i = 0; i < attributes.length; i++) gl.disableVertexAttribArray(i);
    const windows = this.#scene!.order.length;
    const read = (name: string, buffer: WebGLBuffer, from: number) => {
      const place = gl.getAttribLocation(program, name);
      if (place < 0) return;
      const isColour = name === "colour";
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(
        place,
        isColour ? 4 : 2,
        isColour ? gl.UNSIGNED_BYTE : gl.FLOAT,
        isColour,
        0,
        8 * from,
      );
      gl.vertexAttribDivisor(place, divisor);
    };
    const { from, to, colour } = this.#buffers;
    read("from", from, row);
    read("to", to, row);
    read("speechFrom", from, windows);
    read("speechTo", to, windows);
    read("colour", colour, 0);
    const [x, y] = view.middle;
    const [scaleX, scaleY] = [(2 * view.scale) / size.width, (2 * view.scale) / size.height];
    gl.uniform4f(gl.getUniformLocation(program, "lens"), x, y, scaleX, scaleY);
    gl.uniform1f(gl.getUniformLocation(program, "share"), share);
  }
}

function compile(gl: WebGL2RenderingContext, vertex: string, fragment: string): WebGLProgram {
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]] as const) {
    const shader = gl.createShader(kind);
    if (!shader) throw new Error("WebGL was lost.");
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    gl.deleteShader(shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    throw new Error(gl.getProgramInfoLog(program) ?? "the shaders do not link");
  }
  return program;
}

/** Renderers that compute on the processor. */
const softwareRenderers = /swiftshader|llvmpipe|softpipe|software|basic render/i;
let bestHere: boolean | undefined;

/** Whether WebGL draws with an adapter here; emulated, the plain canvas does better. */
function hasAdapter(): boolean {
  if (bestHere !== undefined) return bestHere;
  const gl = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  const names = gl?.getExtension("WEBGL_debug_renderer_info");
  const renderer = gl && String(gl.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return bestHere = renderer !== null && !softwareRenderers.test(renderer);
}

/**
 * WebGL on a canvas; null where there is none.
 *
 * @param takesEmulated Whether WebGL in software is good enough.
 * @throws Error when the canvas was given to WebGL, which then did not work.
 */
export function webglPainter(canvas: HTMLCanvasElement, takesEmulated: boolean): WebglPainter | null {
  if (!takesEmulated && !hasAdapter()) return null;
  const gl = canvas.getContext("webgl2", { antialias: false });
  return gl && new WebglPainter(gl);
}
