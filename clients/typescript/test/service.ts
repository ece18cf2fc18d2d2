import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { createInterface } from "node:readline";

export const ROOT = new URL("../../../", import.meta.url);
export const picture = new Uint8Array(await readFile(new URL("docs/images/sample.jpg", ROOT)));

const own = new URL(".venv/bin/python", ROOT);
const PYTHON = process.env["PYTHON"] ?? (existsSync(own) ? own.pathname : "python3");

/** What is to go wrong; tests/faults.py says how. */
export interface Fault {
  path: string;
  times?: number;
  status?: number;
  code?: string;
  retry_after?: number;
  after?: number;
  close?: number;
}

export interface Service {
  url: string;
  breaks(fault: Fault): Promise<void>;
  completes(taskId: string): Promise<void>;
  stop(): void;
}

/** The real HTTP layer over a fake backend, for as long as this process lives. */
export async function serve(...keys: string[]): Promise<Service> {
  const options = keys.flatMap((key) => ["--key", key]);
  const child = spawn(PYTHON, ["-m", "tests.fake_service", ...options], {
    cwd: ROOT, stdio: ["pipe", "pipe", "inherit"],
  });
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).once("line", resolve);
    child.once("exit", () => reject(new Error("the service did not start")));
  });
  const tell = async (path: string, body: object) => {
    await fetch(url + path, { method: "POST", body: JSON.stringify(body), headers: keys[0] ? { "X-API-Key": keys[0] } : {} });
  };
  return {
    url,
    breaks: (fault) => tell("/test/faults", fault),
    completes: (taskId) => tell(`/test/tasks/${taskId}`, {}),
    stop: () => child.stdin.end(),
  };
}

/** An address that stays while the service behind it is away. */
export interface Relay {
  url: string;
  /** Breaks what is open, and hangs up on what comes. */
  cut(): void;
  restore(): void;
  stop(): void;
}

export async function relay(to: string): Promise<Relay> {
  const open = new Set<Socket>();
  let up = true;
  const server = createServer((near) => {
    if (!up) return void near.destroy();
    const far = connect(Number(new URL(to).port), "127.0.0.1");
    for (const [end, other] of [[near, far], [far, near]] as const) {
      open.add(end);
      end.pipe(other);
      end.on("error", () => other.destroy()).on("close", () => open.delete(end));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = () => {
    up = false;
    for (const end of open) end.destroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    restore: () => { up = true; },
    stop: () => {
      cut();
      server.close();
    },
  };
}
