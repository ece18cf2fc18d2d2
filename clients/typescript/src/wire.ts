import type { components } from "./openapi.js";

type Schemas = components["schemas"];

/** Where to fill, in pixels of the upright image: one of the forms the service reads. */
export type Region =
  | Schemas["RectangleForm"]
  | Schemas["CornersForm"]
  | Schemas["PolygonForm"]
  | Schemas["NestedForm"]
  | { left: number; top: number; right: number; bottom: number }
  | { left: number; top: number; width: number; height: number }
  | { bbox: readonly [x: number, y: number, width: number, height: number] }
  | readonly [x1: number, y1: number, x2: number, y2: number]
  | readonly (readonly number[])[];

/** Fields as the service names them; its lists of regions may hold any of the forms. */
type Fields<Body, Without extends PropertyKey> = {
  [Name in Exclude<keyof Body, Without | "image" | "mask">]?:
    | (Name extends "regions" | "keep" | "within" ? readonly Region[] : Body[Name])
    | undefined;
};

export type RemoveTextFields = Fields<Schemas["RemoveTextBody"], never>;
export type DetectFields = Fields<Schemas["DetectBody"], never>;
export type RegionsFields = Fields<Schemas["RegionsBody"], never> & { regions: readonly Region[]; mask?: never };
export type MaskFields = Fields<Schemas["InpaintBody"], never> & { mask: Picture; regions?: never };
export type TaskFields = Fields<Schemas["TaskBody"], never> & { mask?: Picture };

/** What is asked of all pictures of a batch. */
export type BatchFields = Omit<TaskFields, "task_id"> & { batch_id?: string | undefined };

export type BatchStatus = Schemas["BatchAnswer"];
export type Detection = Schemas["DetectionAnswer"];
export type FoundText = Schemas["FoundText"];
export type TaskStatus = Schemas["TaskStatusAnswer"];
export type TaskCounts = Schemas["TaskCountsAnswer"];
export type Models = Schemas["ModelsAnswer"];
export type Info = Schemas["InfoAnswer"];
export type Health = Schemas["HealthAnswer"];
export type Accepted = Schemas["AcceptedAnswer"];
export type Cancelled = Schemas["CancelledAnswer"];
export type ErrorBody = Schemas["ErrorAnswer"];

export type ProgressUpdate = Schemas["progress_update"];
export type TaskCompleted = Schemas["task_completed"];
export type TaskFailed = Schemas["task_failed"];
export type TaskCancelled = Schemas["task_cancelled"];
/** What is told of a task. All but `progress_update` are its end. */
export type TaskEvent = ProgressUpdate | TaskCompleted | TaskFailed | TaskCancelled;

/** An image file: its bytes, or a URL to fetch it from (by the client, without its API key). */
export type Picture = Blob | ArrayBuffer | Uint8Array | URL;
