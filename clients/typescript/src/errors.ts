import type { ErrorBody } from "./wire.js";

/** Everything this client throws on purpose, but for the reason of an AbortSignal, which is thrown as it is. */
export class TextRemovalError extends Error {
  override get name(): string {
    return this.constructor.name;
  }
}

/** No answer came, or only a part of one: the service is away, or the network is. `cause` has the platform's error. */
export class ConnectionLostError extends TextRemovalError {}

/** No answer came within `timeout`. */
export class TimedOutError extends ConnectionLostError {}

/** A callback is not signed with the secret, or too long ago. */
export class InvalidSignatureError extends TextRemovalError {}

/** The service answered with an error. Each code has its class below; a code not known here is this class. */
export class ServiceError extends TextRemovalError {
  /** The service's word for the kind of error: `queue_full`, … */
  readonly code: string;
  /** The HTTP status; 0 if the error came by a socket. */
  readonly status: number;
  /** Stands in the service's log. */
  readonly requestId: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** Seconds to wait before trying again, where the service says so. */
  readonly retryAfter: number | undefined;

  constructor(body: Partial<ErrorBody>, status: number, retryAfter?: number) {
    super(body.message ?? `the service answered ${status}`);
    this.code = body.error ?? "http_error";
    this.status = status;
    this.requestId = body.request_id ?? "";
    this.details = body.details ?? {};
    this.retryAfter = retryAfter;
  }

  /** The field of the request that is wrong, where it is one. */
  get field(): string | undefined {
    return typeof this.details["field"] === "string" ? this.details["field"] : undefined;
  }
}

export class MalformedBodyError extends ServiceError {}
export class InvalidImageError extends ServiceError {}
export class UnauthorizedError extends ServiceError {}
export class ForbiddenOriginError extends ServiceError {}
export class NotFoundError extends ServiceError {}
export class UnknownTaskError extends ServiceError {}
export class UnknownModelError extends ServiceError {}
export class SlowBodyError extends ServiceError {}
export class TaskConflictError extends ServiceError {}
export class TaskNotFinishedError extends ServiceError {}
export class TaskFinishedError extends ServiceError {}
export class CancelledError extends ServiceError {}
export class ResultExpiredError extends ServiceError {}
export class TooLargeError extends ServiceError {}
export class UnsupportedImageError extends ServiceError {}
export class UnsupportedContentTypeError extends ServiceError {}
export class UnsupportedContentCodingError extends ServiceError {}
export class InvalidRequestError extends ServiceError {}
export class InvalidRegionError extends ServiceError {}
export class InvalidMaskError extends ServiceError {}
export class QueueFullError extends ServiceError {}
export class InferenceFailedError extends ServiceError {}
export class InternalError extends ServiceError {}
export class ModelUnavailableError extends ServiceError {}
export class WeightsUnavailableError extends ServiceError {}
export class ReplicaLostError extends ServiceError {}
export class ShuttingDownError extends ServiceError {}
export class StartingError extends ServiceError {}
export class StoreUnavailableError extends ServiceError {}
export class DeadlineExceededError extends ServiceError {}

/** By the `error` of an answer; a test holds this against the service's own table. */
export const ERRORS = {
  malformed_body: MalformedBodyError,
  invalid_image: InvalidImageError,
  unauthorized: UnauthorizedError,
  forbidden_origin: ForbiddenOriginError,
  not_found: NotFoundError,
  unknown_task: UnknownTaskError,
  unknown_model: UnknownModelError,
  slow_body: SlowBodyError,
  task_conflict: TaskConflictError,
  task_not_finished: TaskNotFinishedError,
  task_finished: TaskFinishedError,
  cancelled: CancelledError,
  result_expired: ResultExpiredError,
  too_large: TooLargeError,
  unsupported_image: UnsupportedImageError,
  unsupported_content_type: UnsupportedContentTypeError,
  unsupported_content_coding: UnsupportedContentCodingError,
  invalid_request: InvalidRequestError,
  invalid_region: InvalidRegionError,
  invalid_mask: InvalidMaskError,
  queue_full: QueueFullError,
  inference_failed: InferenceFailedError,
  internal_error: InternalError,
  model_unavailable: ModelUnavailableError,
  weights_unavailable: WeightsUnavailableError,
  replica_lost: ReplicaLostError,
  shutting_down: ShuttingDownError,
  starting: StartingError,
  store_unavailable: StoreUnavailableError,
  deadline_exceeded: DeadlineExceededError,
} as const;

/** The error a body tells of; `status` 0 for what came by a socket or an event. */
export function serviceError(body: Partial<ErrorBody>, status: number, retryAfter?: number): ServiceError {
  const known = ERRORS[body.error as keyof typeof ERRORS] as typeof ServiceError | undefined;
  return new (known ?? ServiceError)(body, status, retryAfter);
}

/** The error of an answer that is one. A proxy's page in place of the service's JSON makes a plain ServiceError. */
export async function errorOf(answer: Response): Promise<ServiceError> {
  const body = await answer.json().catch(() => ({})) as Partial<ErrorBody>;
  const wait = Number.parseFloat(answer.headers.get("Retry-After") ?? "");
  const requestId = body.request_id ?? answer.headers.get("X-Request-ID") ?? "";
  return serviceError({ ...body, request_id: requestId }, answer.status, Number.isNaN(wait) ? undefined : wait);
}
