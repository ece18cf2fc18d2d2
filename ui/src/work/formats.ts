/** File formats by their first bytes, and the names files go by. */

const text = (bytes: Uint8Array, from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to));

/** As /info names formats; null for what the service does not read. */
export function formatOf(bytes: Uint8Array): string | null {
  const head = text(bytes, 0, 4);
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return "JPEG";
  if (head === "\x89PNG") return "PNG";
  if (head === "RIFF" && text(bytes, 8, 12) === "WEBP") return "WebP";
  if (head === "GIF8") return "GIF";
  if (head.startsWith("BM")) return "BMP";
  if (["II*\0", "MM\0*", "II+\0", "MM\0+"].includes(head)) return "TIFF";
  if (text(bytes, 4, 8) === "ftyp") {
    const brands = text(bytes, 8, 32);
    if (/avi[fs]/.test(brands)) return "AVIF";
    if (/hei[cxms]|hev[cx]|mif1|msf1/.test(brands)) return "HEIC";
  }
  return null;
}

export type Written = "png" | "jpeg" | "webp" | "avif";

/** The format of a result that is to be like its input. */
export function like(format: string): Written {
  return ({ JPEG: "jpeg", HEIC: "jpeg", WebP: "webp", AVIF: "avif" } as const)[format] ?? "png";
}

/** `holiday.heic` becomes `holiday-clean.jpg`. */
export function resultName(name: string, format: Written): string {
  const base = name.replace(/\.[A-Za-z0-9]{1,5}$/, "") || "picture";
  return `${base}-clean.${format === "jpeg" ? "jpg" : format}`;
}

/** Names that occur twice get a number. */
export function distinct(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const dot = name.lastIndexOf(".");
    let free = name;
    for (let n = 2; taken.has(free); n++) free = `${name.slice(0, dot)}-${n}${name.slice(dot)}`;
    taken.add(free);
    return free;
  });
}
