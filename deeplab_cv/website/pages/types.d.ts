/** What travels between the files of the page; for editors and TypeScript alone. */

export type Size = { width: number; height: number };

/** In shares of the network's input. */
export type Area = { left: number; top: number; width: number; height: number };

/** A size that the network is proven at, and the file with what it gives there. */
export type Input = Size & { golden: string };

export type RGB = [number, number, number];

export type Scores = { data: Float32Array; classes: number; height: number; width: number };

export type Style = "blend" | "mask" | "outline" | "blur" | "replace" | "cutout";

export type Look = { style: Style; alpha: number; colours: Record<number, RGB>; background: RGB };

/** Paints over a picture (RGBA), in place. */
export type Painter = (rgba: Uint8ClampedArray, labels: Uint8Array, size: Size, look: Look) => void;

/** Which of the scores lies before each pixel along one axis, the share of the next one, and the last score's index. */
export type Axis = { before: Int32Array; weight: Float32Array; last: number };

/** Pixels from, and up to but without; and where the four scores around them lie in a plane. */
export type Cell = {
  fromX: number;
  toX: number;
  fromY: number;
  toY: number;
  top: number;
  bottom: number;
  left: number;
  right: number;
};

/** `tolerance` is the greatest error allowed, as a share of the greatest score. */
export type NetworkFile = { file: string; precision: "float32" | "int8"; tolerance: number };

/** site.json, as `app.py web` writes it. */
export type Facts = {
  name: string;
  classes: string[];
  palette: RGB[];
  paint: Record<string, RGB>;
  input: {
    name: string;
    order: "rgb" | "bgr";
    mean: RGB | null;
    std: RGB | null;
    padding: RGB;
    fit: "stretch" | "letterbox";
  };
  output: { name: string; alignCorners: boolean };
  /** Names of the sides that are fixed when the network is loaded. */
  dimensions: { height: string; width: string } | null;
  sizes: Input[];
  files: NetworkFile[];
  samples: string[];
};

export type Choice = { provider: "wasm" | "webgpu"; threads: number; file: NetworkFile };

export type Proof = { error: number; tolerance: number; equal: number };

/** In milliseconds. */
export type Times = { blob: number; inference: number; labels: number; paint: number };

/** `counts` are the pixels of each class. */
export type Painted = { picture: ImageData; input: Size; counts: number[]; times: Times };
