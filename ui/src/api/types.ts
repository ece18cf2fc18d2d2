/** What the service says, as far as this page reads it. docs/api.md has all of it. */

import type { Point } from "../editor/geometry";

export interface Limits {
  readonly max_file_size: number;
  readonly max_image_pixels: number;
  readonly supported_formats: readonly string[];
}

export interface Info {
  readonly version: string;
  readonly limits: Limits;
  readonly output_formats: readonly string[];
}

export interface Model {
  readonly name: string;
  readonly device: string;
  readonly status: "ready" | "loading" | "not_loaded" | "error";
  readonly parameters: {
    readonly summary?: string;
    readonly speed?: string;
    readonly reason?: string;
    readonly download?: number;
    readonly wanted?: string;
  };
}

export interface Models {
  readonly default: string;
  readonly fallback: string | null;
  readonly models: readonly Model[];
}

export interface FoundText {
  readonly points: readonly Point[];
  readonly confidence: number;
}

/** Of a task that has not ended. */
export interface Progress {
  readonly status: string;
  readonly stage: "preparing" | "masking" | "inpainting" | "finalizing";
  readonly overall_progress: number;
  readonly stage_progress: number;
  readonly current_region: number;
  readonly total_regions: number;
  readonly estimated_remaining: number | null;
  readonly queue_position?: number | null;
}

export interface Result {
  readonly file: Blob;
  readonly headers: Headers;
}

export type Fields = Readonly<Record<string, string | Blob>>;
