// County offices run Chromium 87 and later; the server finds the hashed names through manifest.json.
import { defineConfig } from 'vite';

export default defineConfig({
  base: '/static/dist/',
  publicDir: false,
  build: {
    target: 'chrome87',
    cssTarget: 'chrome87',
    outDir: '../static/dist',
    emptyOutDir: true,
    manifest: 'manifest.json',
    chunkSizeWarningLimit: 700, // an island is fetched only by the pages that show it
    rollupOptions: {
      input: { app: 'src/app.js' },
      // htmx has one eval; app.js switches it off, and the content security policy refuses it
      checks: { eval: false, pluginTimings: false },
    },
  },
});
