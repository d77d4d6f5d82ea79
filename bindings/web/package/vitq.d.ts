// SPDX-License-Identifier: Apache-2.0
// Vision transformers in browsers and Node. Each model runs in a worker of its own, one call after the other.

/** What went wrong, in the words of the programs. */
export class VitqError extends Error {
  readonly status:
    | 'cancelled'
    | 'usage' // an argument is wrong, or the model is closed
    | 'unreadable' // a file cannot be downloaded
    | 'unsupported' // a file is malformed or of an unsupported kind, or the model cannot do this
    | 'mismatch' // a checksum or format version does not match
    | 'limit' // out of memory, or a documented limit is exceeded
    | 'internal';
}

export interface LoadOptions {
  /** What messages and answers call the model. By default it is the file's name. */
  name?: string;
  /** At most this many share a call. The default is what the machine has, up to 8, and 1 where a page is not isolated
   * from other origins (`crossOriginIsolated`). */
  threads?: number;
  /** Instructions beyond it are not used. The default is the best that the engine has. */
  isa?: 'simd128' | 'relaxed_simd';
  /** Whether the file's checksum is checked. */
  verify?: boolean;
  signal?: AbortSignal;
  /** Is told of a download; `total` is unknown where the server does not say it. */
  onProgress?: (progress: { loaded: number; total?: number }) => void;
}

/** Opens a model file (docs/file_format.md): its bytes, or an address to download it from. It rejects with a VitqError,
 * or with the reason of `signal`. */
export function load(source: Uint8Array | ArrayBuffer | Blob | string | URL, options?: LoadOptions): Promise<Model>;

/** An image file's bytes (JPEG, PNG, BMP or GIF, which EXIF orientation turns), or pixels: RGBA, as a canvas gives
 * them. */
export type Picture =
  | Uint8Array
  | ArrayBuffer
  | Blob
  | { data: Uint8Array | Uint8ClampedArray; width: number; height: number };

export interface CallOptions {
  /** What messages and answers call the picture. */
  name?: string;
  /** Rejects the call at once. One that has not begun never does; one under way ends unseen. */
  signal?: AbortSignal;
}

export interface Answer {
  image: string;
  model: string;
  width: number;
  height: number;
  timing_ms: { decode: number; preprocess: number; infer: number; post: number };
}

export interface Classes extends Answer {
  predictions: { id: number; label: string; score: number }[];
}

export interface Objects extends Answer {
  /** `box` is left, top, right, bottom in pixels of the picture. */
  detections: { id: number; label: string; score: number; box: [number, number, number, number]; query: number }[];
}

export interface Features extends Answer {
  features: number[];
}

/** `grid` is rows and columns of patches, `crop` what the network sees of the picture, in its pixels. */
interface OnPatches extends Omit<Answer, 'image'> {
  grid: [number, number];
  crop: [number, number, number, number];
}

export interface Attention extends OnPatches {
  layers: number;
  heads: number;
  /** [layers][heads][rows * columns] */
  maps: number[][][];
}

export interface Components extends OnPatches {
  /** [rows * columns] of red, green and blue */
  colors: [number, number, number][];
}

export interface Tensor {
  name: string;
  shape: number[];
  data: Float32Array;
}

export interface ModelInfo {
  task: 'classification' | 'detection' | 'features';
  family: string;
  classes: number;
  format: string;
  bytes: number;
  /** What ask() takes. */
  answers: string[];
  /** [3, H, W]; null where the network takes any size. */
  input: number[] | null;
  /** Whether run() takes a Uint8Array. */
  pixels: boolean;
  labels: string[];
  outputs: { name: string; shape: number[] }[];
  [key: string]: unknown;
}

export class Model {
  private constructor();
  readonly name: string;
  readonly info: ModelInfo;
  /** What its kernels use. */
  readonly isa: 'simd128' | 'relaxed_simd';
  readonly threads: number;

  classify(picture: Picture, k?: number, options?: CallOptions): Promise<Classes>;
  detect(picture: Picture, threshold?: number, options?: CallOptions): Promise<Objects>;
  features(picture: Picture, options?: CallOptions): Promise<Features>;
  /** `query` is of detectors: which row of their outputs is asked where it looks. */
  attention(picture: Picture, options?: CallOptions & { query?: number }): Promise<Attention>;
  /** Any of `info.answers`, with what it knows: top, threshold or query. */
  ask(kind: string, picture: Picture, options?: CallOptions & Record<string, unknown>): Promise<Answer>;
  /** Runs the network on a prepared input, by default of the shape [1, ...info.input]. */
  run(input: Float32Array | Uint8Array, options?: { shape?: number[]; signal?: AbortSignal }): Promise<Tensor[]>;
  /** The size of the worker's memory in bytes. */
  memory(): Promise<number>;
  /** Ends the worker, which gives back all of its memory. Calls under way are rejected. */
  close(): void;
}
