import { defineConfig } from "vitest/config";

/** The gateway serves what this builds, below /ui: names without hashes, because the built files are committed. */
export default defineConfig({
  base: "/ui/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../deployments/api/routes/static/ui",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false,
    assetsInlineLimit: 0,
    license: { fileName: "licenses.md" },
    rolldownOptions: {
      output: { entryFileNames: "app.js", assetFileNames: "[name][extname]", codeSplitting: false },
    },
  },
  server: { proxy: { "/api": { target: "http://127.0.0.1:8081", ws: true } } },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
