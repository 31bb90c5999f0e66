import { svelte } from "@sveltejs/vite-plugin-svelte";
import { svelteTesting } from "@testing-library/svelte/vite";
import { defineConfig } from "vitest/config";
import { emblems } from "./emblems.ts";

// `--mode dev-page` builds the page with the invented characters instead, to look at it under the app's strict policy.
export default defineConfig(({ mode }) => ({
  plugins: [svelte(), svelteTesting(), emblems()],
  server: { port: 5173, strictPort: true, fs: { allow: [".", "../docs"] } },
  build: {
    outDir: mode === "dev-page" ? "dist-dev" : "dist",
    target: "es2022",
    // Everything stays a file: the content security policy knows no data: fonts and no inline scripts.
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
    ...(mode === "dev-page" ? { rollupOptions: { input: "dev.html" } } : {}),
  },
  test: {
    environment: "jsdom",
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/setup.ts"],
    // Whole windows are drawn, and a busy machine takes its time over it.
    testTimeout: 20_000,
  },
}));
