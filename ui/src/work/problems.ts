import { ServiceError } from "../api/errors";
import type { Problem } from "../editor/document";

export const problemOf = (error: unknown): Problem =>
  error instanceof ServiceError
    ? { code: error.code, message: error.message }
    : { code: "internal_error", message: error instanceof Error ? error.message : String(error) };
