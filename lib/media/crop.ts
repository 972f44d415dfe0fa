/** A rectangle of a picture, in its pixels. */
export interface CropBox {
  x: number;
  y: number;
  width: number;
  height: number;
}
