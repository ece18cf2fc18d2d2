/** Bytes sent so far, of all; `total` 0: not known. */
export type Uploaded = (sent: number, total: number) => void;

/** One HTTP request: by fetch, or where the upload is to be watched by XMLHttpRequest, the only one that can. */
export function transfer(url: string, request: RequestInit, onUpload?: Uploaded): Promise<Response> {
  const watched = onUpload && request.body && typeof XMLHttpRequest !== "undefined";
  return watched ? byXhr(url, request, onUpload) : fetch(url, request);
}

function byXhr(url: string, request: RequestInit, onUpload: Uploaded): Promise<Response> {
  return new Promise((resolve, reject) => {
    const { signal } = request;
    if (signal?.aborted) return reject(signal.reason);
    const xhr = new XMLHttpRequest();
    const stop = () => xhr.abort();
    signal?.addEventListener("abort", stop, { once: true });
    xhr.onloadend = () => signal?.removeEventListener("abort", stop);
    xhr.open(request.method ?? "GET", url);
    xhr.responseType = "blob";
    new Headers(request.headers).forEach((value, name) => xhr.setRequestHeader(name, value));
    xhr.upload.onprogress = ({ loaded, total }) => onUpload(loaded, total);
    xhr.onload = () => resolve(new Response(xhr.response as Blob, { status: xhr.status, headers: headersOf(xhr) }));
    xhr.onerror = () => reject(new TypeError("the network failed"));
    xhr.onabort = () => reject(signal?.reason);
    xhr.send(request.body as XMLHttpRequestBodyInit);
  });
}

function headersOf(xhr: XMLHttpRequest): [string, string][] {
  const lines = xhr.getAllResponseHeaders().split("\r\n").filter(Boolean);
  return lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
}
