/** What travels between the files of the page; for editors and TypeScript alone. */

export type Size = { width: number; height: number };

/** In shares of the network's input. */
export type Area = { left: number; top: number; width: number; height: number };

export type RGB = [number, number, number];

export type Scores = { data: Float32Array; classes: number; height: number; width: number };

export type Style = "blend" | "mask" | "outline" | "blur" | "replace" | "cutout";

export type Look = { style: Style; alpha: number; colours: Record<number, RGB>; background: RGB };

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
  sizes: (Size & { golden: string })[];
  files: NetworkFile[];
  samples: string[];
};

export type Choice = { provider: "wasm" | "webgpu"; threads: number; file: NetworkFile };

export type Proof = { error: number; tolerance: number; equal: number };

/** In milliseconds. */
export type Times = { blob: number; inference: number; labels: number; paint: number };

/** `counts` are the pixels of each class. */
export type Painted = { picture: ImageData; input: Size; counts: number[]; times: Times };
