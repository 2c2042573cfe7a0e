/* global BUNDLER */
// A page that uses the package, in itself and in a worker, and tells its server what came out.
import { compileCoderConfig, init } from '@coder-backstage/core';

const told = {};

document.addEventListener('securitypolicyviolation', ({ violatedDirective }) => {
  told.violation = violatedDirective;
});

const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
const fromWorker = new Promise((resolve, reject) => {
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = ({ message }) => reject(new Error(message));
});

try {
  await init();
  const app = { deployment: { accessUrl: 'https://coder.example.com' } };
  told.page = compileCoderConfig(app, { templateName: 'dev' }, undefined).templateName;
  told.worker = await fromWorker;
} catch (error) {
  told.error = String(error);
}
await fetch('/told', { method: 'POST', body: JSON.stringify({ ...told, bundler: BUNDLER }) });
